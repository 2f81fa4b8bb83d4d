import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

export interface Document {
  /** Relative to the project: `docs/operate.md`. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block of code. */
export interface Block {
  readonly language: string;
  readonly code: string;
  /** The file of this block: the path in backticks in the line above it. */
  readonly file: string | undefined;
}

/** README.md, CONTRIBUTING.md and every page of docs/. */
export async function documents(): Promise<Document[]> {
  const pages = [await document("README.md"), await document("CONTRIBUTING.md")];
  for await (const path of glob("docs/**/*.md", { cwd: ROOT })) pages.push(await document(path));
  return pages;
}

export async function document(path: string): Promise<Document> {
  return { path, text: await readFile(join(ROOT, path), "utf8") };
}

export function blocksOf({ text }: Document): Block[] {
  return [...text.matchAll(/(?:^`([^`\n]+)`\n\n)?^( *)```(\w*)\n(.*?)^\2```$/gms)].map(
    ([, file, , language = "", code = ""]) => ({ file, language, code }),
  );
}

/** Every command of a page: lines of `sh` blocks and inline code. */
export function commandsOf(document: Document): string[] {
  const lines = blocksOf(document).flatMap(({ language, code }) => (language === "sh" ? shellLines(code) : []));
  return [...lines, ...inlineCodeOf(document)].map((command) => command.trim()).filter(Boolean);
}

/** Splits lines as a shell does: a line continues after a backslash and within quotes. */
function shellLines(code: string): string[] {
  return [...code.matchAll(/(?:'[^']*'|\\\n|[^\n'])+/g)].map(([line]) => line.replace(/\\\n\s*/g, ""));
}

/** The inline code of the text. */
export function inlineCodeOf({ text }: Document): string[] {
  const prose = text.replace(/^( *)```.*?^\1```$/gms, "");
  return [...prose.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code.replace(/\s+/g, " "));
}

/** The targets of relative links. */
export function linksOf({ text }: Document): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^\w+:/.test(target));
}

/** The anchors of a page: its headings as GitHub writes them. */
export function anchorsOf({ text }: Document): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}
