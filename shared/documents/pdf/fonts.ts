import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import PDFDocument from "pdfkit";

/** A font that pdfkit has opened; pdfkit accepts it instead of a file. */
export interface OpenFont {
  hasGlyphForCodePoint(codePoint: number): boolean;
  _glyphs: Record<number, unknown>;
}

/** DejaVu Sans Condensed: Latin, Greek, Cyrillic, Hebrew, Arabic and symbols, with a licence that allows to ship it. */
export interface Fonts {
  readonly regular: OpenFont;
  readonly bold: OpenFont;
}

let opened: Fonts | undefined;

/** The fonts for one document. They are opened once, because parsing them takes longer than drawing a memo. */
export function fonts(): Fonts {
  opened ??= { regular: open("DejaVuSansCondensed.ttf"), bold: open("DejaVuSansCondensed-Bold.ttf") };
  // A cached glyph keeps the character of its first use, so each document starts with an empty cache.
  for (const font of Object.values(opened) as OpenFont[]) font._glyphs = {};
  return opened;
}

function open(file: string): OpenFont {
  const pdf = new PDFDocument({ font: null as unknown as string }).font(read(file));
  return (pdf as unknown as { _font: { font: OpenFont } })._font.font;
}

/** From the source folder, or from `dist/fonts` in a build. */
function read(file: string): Buffer {
  const path = join(import.meta.dirname, "../fonts", file);
  if (!existsSync(path)) throw new Error(`expected the font ${file} at ${path}: build the app with npm run build`);
  return readFileSync(path);
}
