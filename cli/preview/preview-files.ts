import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { UsageError } from "../command-errors.ts";
import { readJsonInput } from "../json-input.ts";

/** Bytes of a packed list: the app takes bodies of 16 MiB, and Base64 adds a third. */
const MOST_PACKED = 11 * 1024 * 1024;
/** The fields of a county that a preview takes. */
const PREVIEWED = ["source", "ruleSet", "rules"] as const;

/** Reads `--source`: a source, or a county with its source, rule set and rules. @throws UsageError */
export async function sourceArgument(file: string, root: string): Promise<Record<string, unknown>> {
  const text = (await bytesOf("--source", file, root)).toString("utf8");
  let given: unknown;
  try {
    given = readJsonInput(text);
  } catch (error) {
    throw new UsageError(`preview: --source: ${file} is not valid JSON: ${(error as Error).message}.`);
  }
  if (given === null || typeof given !== "object" || Array.isArray(given))
    throw new UsageError(`preview: --source: expected an object in ${file}.`);
  if (!("source" in given)) return { source: given };
  return Object.fromEntries(Object.entries(given).filter(([name]) => PREVIEWED.includes(name as "source")));
}

/** Reads `--list` as the Base64 of its gzip. @throws UsageError */
export async function listArgument(file: string, root: string): Promise<string> {
  const bytes = await bytesOf("--list", file, root);
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const packed = isPacked ? bytes : gzipSync(bytes);
  if (packed.length <= MOST_PACKED) return packed.toString("base64");
  throw new UsageError(
    `preview: --list: expected a file of at most ${MOST_PACKED} bytes when gzipped, got ${packed.length}: store it as a blob and name it in source.blob.`,
  );
}

async function bytesOf(option: string, file: string, root: string): Promise<Buffer> {
  try {
    return await readFile(resolve(root, file));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? `there is no file ${file}` : message;
    throw new UsageError(`preview: ${option}: ${reason}.`);
  }
}
