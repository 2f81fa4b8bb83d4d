import { existsSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../../../shared/data");

/** The path of a real sample, or undefined without the samples: then the tests that need it are skipped. */
export function sample(path: string): string | undefined {
  const file = join(FOLDER, path);
  if (existsSync(file)) return file;
  console.warn(`skipped: the real sample ${path} is not on this machine`);
  return undefined;
}
