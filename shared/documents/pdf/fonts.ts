import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import PDFDocument from "pdfkit";

/** A font as pdfkit has opened it, which it takes in place of a file. */
export interface OpenFont {
  hasGlyphForCodePoint(codePoint: number): boolean;
  _glyphs: Record<number, unknown>;
}

/** The two cuts of DejaVu Sans Condensed: they hold Latin, Greek, Cyrillic, Hebrew, Arabic and symbols, and are free to ship. */
export interface Fonts {
  readonly regular: OpenFont;
  readonly bold: OpenFont;
}

let opened: Fonts | undefined;

/** The fonts for one document. They are opened once: reading their tables takes longer than drawing a memo. */
export function fonts(): Fonts {
  opened ??= { regular: open("DejaVuSansCondensed.ttf"), bold: open("DejaVuSansCondensed-Bold.ttf") };
  // A glyph stands for the character by which it was first asked for: no document may see those of another.
  for (const font of Object.values(opened) as OpenFont[]) font._glyphs = {};
  return opened;
}

function open(file: string): OpenFont {
  const pdf = new PDFDocument({ font: null as unknown as string }).font(read(file));
  return (pdf as unknown as { _font: { font: OpenFont } })._font.font;
}

/** Beside the source, or where the build puts them: `dist/fonts`, beside the chunks' folder. */
function read(file: string): Buffer {
  const path = join(import.meta.dirname, "../fonts", file);
  if (!existsSync(path))
    throw new Error(`expected the font ${file} at ${path}: build the app anew, with npm run build`);
  return readFileSync(path);
}
