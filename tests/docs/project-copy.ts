import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Block } from "./markdown.ts";
import { ROOT } from "./markdown.ts";

/** A copy of the project that a test may change: functions/, scripts/ and tests/ are copies, the rest are links. */
export interface ProjectCopy {
  readonly directory: string;
  /** Writes a block to a file of the copy, or applies it there when it is a diff. */
  put(block: Block, file: string): Promise<void>;
  /** Runs a Node script in it. */
  node(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<{ code: number | null; output: string }>;
  remove(): Promise<void>;
}

/**
 * @param more folders to copy as well, because the test changes files in them or their paths matter
 * @param options.name the name of the project's folder. Default: a temporary one
 */
export async function copyProject(more: readonly string[] = [], { name = "" } = {}): Promise<ProjectCopy> {
  const parent = join(ROOT, ".rota/docs");
  await mkdir(parent, { recursive: true });
  const temporary = await mkdtemp(join(parent, "project-"));
  const directory = join(temporary, name);
  await mkdir(directory, { recursive: true });
  for (const folder of ["functions", "scripts", ...more])
    await cp(join(ROOT, folder), join(directory, folder), { recursive: true });
  const files = ["package.json", "host.json", "vitest.config.ts", "eslint.config.js", ".prettierrc.json"];
  const generated = ["docs/settings.md", "local.settings.example.json"];
  for (const file of [...files, ...generated]) await cp(join(ROOT, file), join(directory, file));
  await mkdir(join(directory, "tests"), { recursive: true });
  const links = ["shared", "local", "tests/support"].filter((folder) => !more.includes(folder));
  for (const link of links) await symlink(join(ROOT, link), join(directory, link));
  // The type of what vitest's global setup provides reaches the project without an import.
  const written = new Set([join(ROOT, "tests/support/global-setup.ts")]);
  // Only what the test writes, and what that imports: ESLint would parse all files of the project for their types.
  const writeTsconfig = () => {
    const tsconfig = { extends: join(ROOT, "tsconfig.json"), include: [], files: [...written] };
    return writeFile(join(directory, "tsconfig.json"), JSON.stringify(tsconfig));
  };
  await writeTsconfig();

  return {
    directory,
    async put({ language, code }, file) {
      const path = join(directory, file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, language === "diff" ? applied(code, await readFile(path, "utf8"), file) : code);
      if (!file.endsWith(".ts")) return;
      written.add(file);
      await writeTsconfig();
    },
    node: (args, env = process.env) => run(args, directory, env),
    remove: () => rm(temporary, { recursive: true, force: true }),
  };
}

/** Inserts each line with a plus after the line above it in the diff, which must exist in the file. */
function applied(diff: string, text: string, file: string): string {
  const lines = text.split("\n");
  let at = -1;
  for (const line of diff.trimEnd().split("\n")) {
    if (line.startsWith("+")) {
      lines.splice(++at, 0, line.slice(1));
      continue;
    }
    at = lines.indexOf(line.slice(1), at + 1);
    if (at < 0) throw new Error(`${file} has no line ${JSON.stringify(line.slice(1))} where the page shows one`);
  }
  return lines.join("\n");
}

function run(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code, output });
    });
  });
}
