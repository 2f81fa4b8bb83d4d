import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The two cuts of DejaVu Sans Condensed: they hold Latin, Greek, Cyrillic, Hebrew, Arabic and symbols, and are free to ship. */
export interface Fonts {
  readonly regular: Buffer;
  readonly bold: Buffer;
}

let loaded: Fonts | undefined;

/** The fonts, read with the first document. */
export function fonts(): Fonts {
  loaded ??= { regular: read("DejaVuSansCondensed.ttf"), bold: read("DejaVuSansCondensed-Bold.ttf") };
  return loaded;
}

/** Beside the source, or where the build puts them: `dist/fonts`, beside the chunks' folder. */
function read(file: string): Buffer {
  const path = join(import.meta.dirname, "../fonts", file);
  if (!existsSync(path))
    throw new Error(`expected the font ${file} at ${path}: build the app anew, with npm run build`);
  return readFileSync(path);
}
