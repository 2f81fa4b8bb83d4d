import { existsSync } from "node:fs";
import { glob, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { readArguments } from "#cli/arguments.ts";
import { commands } from "#cli/commands.ts";
import { jobs, routes } from "#functions/index.ts";
import { jobSettingNames } from "#settings/job-settings.ts";
import { anchorsOf, blocksOf, commandsOf, type Document, documents, inlineCodeOf, linksOf, ROOT } from "./markdown.ts";
import { copyProject } from "./project-copy.ts";

const pages = await documents();
const blocks = pages.flatMap(blocksOf);
const CLI = "npm run rota -- ";

it("the pages contain commands, code and links to check", () => {
  expect(pages.map(({ path }) => path)).toEqual(expect.arrayContaining(["README.md", "docs/operate.md"]));
  expect(pages.flatMap(commandsOf).filter((command) => command.includes(CLI)).length).toBeGreaterThan(9);
  expect(blocks.filter(({ language }) => language === "ts").length).toBeGreaterThan(3);
  expect(pages.flatMap(linksOf).length).toBeGreaterThan(5);
});

it("every npm and npx command exists", async () => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { scripts: object };
  const isOne = (tool: string, name: string) =>
    tool === "npx" ? existsSync(join(ROOT, "node_modules/.bin", name)) : name in scripts || name === "ci";
  expect(
    problems((page) =>
      commandsOf(page)
        .flatMap((command) => [...command.matchAll(/\b(npm run|npm|npx) ([\w:-]+)/g)])
        .flatMap(([words, tool = "", name = ""]) =>
          (tool === "npm" && name === "run") || isOne(tool, name) ? [] : words,
        ),
    ),
  ).toEqual([]);
});

it("every command that runs a file of TypeScript takes the project's Node, whatever the system's", () => {
  expect(problems((page) => commandsOf(page).filter((command) => /(?<!npx )\bnode [^ ]+\.ts\b/.test(command)))).toEqual(
    [],
  );
});

it("the command line accepts every command of the pages", async () => {
  const loaded = new Map(
    await Promise.all(Object.entries(commands).map(async ([name, { load }]) => [name, await load()] as const)),
  );
  expect(
    problems((page) =>
      commandsOf(page).flatMap((line) => {
        if (!line.includes(CLI)) return [];
        const [name = "", ...args] = shellWords(line.slice(line.indexOf(CLI) + CLI.length));
        const command = loaded.get(name);
        return command ? thrownBy(() => readArguments(name, command, args)) : `no command ${name}`;
      }),
    ),
  ).toEqual([]);
});

it("every relative link has an existing target, with its heading", () => {
  expect(
    problems((page) =>
      linksOf(page).filter((link) => {
        const [file = "", anchor] = link.split("#");
        const path = file ? join(dirname(page.path), file) : page.path;
        if (anchor === undefined) return !existsSync(join(ROOT, path));
        const target = pages.find((other) => other.path === path);
        return !target || !anchorsOf(target).includes(anchor);
      }),
    ),
  ).toEqual([]);
});

it("every named file exists", () => {
  const shown = new Set(blocks.map(({ file }) => file));
  const isPath = (code: string) =>
    /^(functions|shared|cli|local|packages|scripts|bench|tests|docs)\/[\w./-]+$/.test(code);
  expect(
    problems((page) =>
      inlineCodeOf(page).filter((code) => isPath(code) && !shown.has(code) && !existsSync(join(ROOT, code))),
    ),
  ).toEqual([]);
});

it("every named route exists", () => {
  const known = routes.map(({ path }) => patternOf(path));
  expect(
    problems(({ text }) =>
      [...text.matchAll(/\/(api\/(?:[\w/{}.%:-]|\$\(<[\w-]+\))*(?:[\w}]|\$\(<[\w-]+\)))/g)]
        .map(([, path = ""]) => path)
        .filter((path) => !known.some((pattern) => pattern.test(path))),
    ),
  ).toEqual([]);
});

it("every curl command is valid for its route: method, query and body", () => {
  const calls = pages.flatMap(commandsOf).filter((command) => /^curl (?!.*\$(?:DEMO|LIST))/.test(command));
  expect(calls.length).toBeGreaterThan(4);
  expect(calls.flatMap((call) => errorsOf(call).map((error) => `${call}: ${error}`))).toEqual([]);
});

it("every named setting is read by the code", async () => {
  const shownJobs = blocks.flatMap(({ code }) => /^ {2}id: "(\w+)",$/m.exec(code)?.[1] ?? []);
  const ofJobs = new Set(
    [...jobs.map(({ id }) => id), ...shownJobs].flatMap((id) => Object.values(jobSettingNames(id))),
  );
  const sources = await sourceText();
  expect(
    problems(({ text }) =>
      [...text.matchAll(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g)]
        .map(([name]) => name)
        .filter((name) => !ofJobs.has(name) && !new RegExp(`\\b${name}\\b`).test(sources)),
    ),
  ).toEqual([]);
});

it("every block of TypeScript compiles", async () => {
  const project = await copyProject(["shared", "tests/shared/documents"]);
  try {
    const files: string[] = [];
    for (const [index, block] of blocks.entries()) {
      const file = block.file ?? (block.language === "ts" ? `functions/portfolio/block-${index}.ts` : undefined);
      if (file === undefined) continue;
      await project.put(block, file);
      files.push(file);
    }
    // Files that no block needs are not read: the type check of the whole project takes twice as long.
    const config = { extends: "./tsconfig.json", files: files.filter((file) => file.endsWith(".ts")), include: [] };
    await writeFile(join(project.directory, "tsconfig.blocks.json"), JSON.stringify(config));
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const { output } = await project.node([tsc, "--pretty", "false", "-p", "tsconfig.blocks.json"]);
    // The type check reports errors in other files.
    expect(output.split("\n").filter((line) => ["error", ...files].some((start) => line.startsWith(start)))).toEqual(
      [],
    );
  } finally {
    await project.remove();
  }
});

/** The problems that `find` finds on the pages, each with its page. */
function problems(find: (page: Document) => string[]): string[] {
  return pages.flatMap((page) => find(page).map((problem) => `${page.path}: ${problem}`));
}

function errorsOf(curl: string): string[] {
  const [, file, body] = /(?:--json|-d) (?:(@\S+)|'([^']*)')/.exec(curl) ?? [];
  const [, method = (file ?? body) === undefined ? "GET" : "POST"] = /-X (\w+)/.exec(curl) ?? [];
  const [, path = "", search = ""] = /\/(api\/[^?\s'"]+)\??([^\s'"]*)/.exec(curl) ?? [];
  const route = routes.find((one) => one.method === method && patternOf(one.path).test(path));
  if (!route) return [`no route ${method} ${path}`];
  const read = [
    route.query.safeParse(Object.fromEntries(new URLSearchParams(search))),
    // The test that runs the page checks the content of a file.
    file ? { success: Boolean(route.body), error: "it takes no body" } : bodyRead(route, body),
  ];
  return read.flatMap(({ success, error }) => (success ? [] : String(error)));
}

function bodyRead(route: (typeof routes)[number], body: string | undefined) {
  if (route.body) return route.body.safeParse(JSON.parse(body ?? "{}"));
  return { success: !body, error: "it takes no body" };
}

/** A pattern for the paths of a route. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`);
}

async function sourceText(): Promise<string> {
  let text = "";
  for await (const file of glob("{shared,cli,local,scripts,tests/support}/**/*.ts", { cwd: ROOT })) {
    text += await readFile(join(ROOT, file), "utf8");
  }
  return text;
}

/** Splits a line as a shell does: at spaces outside of single quotes. */
function shellWords(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ""));
}

function thrownBy(call: () => unknown): string[] {
  try {
    call();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}
