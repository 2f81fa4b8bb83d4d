import PDFDocument from "pdfkit";
import { plainText } from "../document-model.ts";
import { INK } from "../palette.ts";
import { type Fonts, fonts } from "./fonts.ts";
import { inVisualOrder, linesOf } from "./line-breaking.ts";

/** The style of a text. Sizes in points. */
export interface Style {
  readonly size: number;
  readonly bold?: true;
  readonly color?: string;
}

export const PAGE = { width: 595.28, height: 841.89, margin: 54 } as const;
export const CONTENT_WIDTH = PAGE.width - 2 * PAGE.margin;
const BOTTOM = PAGE.height - PAGE.margin - 20;

/** Replaces a character that the font lacks. */
const MISSING = "\u25a1";

/**
 * Pages that are filled from top to bottom. It draws all texts, replaces characters that the font lacks with □ and
 * counts them. Its output is deterministic.
 */
export class Sheet {
  readonly pdf: PDFKit.PDFDocument;
  y: number = PAGE.margin;
  missing = 0;
  readonly #shown = new Map<string, string>();
  readonly #fonts: Fonts;
  readonly #isTight: boolean;

  /** @param isTight whether lines and gaps are lower, so that more fits on a page */
  constructor({ title, asOf }: { title: string; asOf: Date }, { isTight = false }: { isTight?: boolean } = {}) {
    this.#isTight = isTight;
    const { margin } = PAGE;
    this.pdf = new PDFDocument({
      size: "A4",
      margins: { top: margin, left: margin, right: margin, bottom: 0 },
      bufferPages: true,
      lang: "en",
      displayTitle: true,
      pdfVersion: "1.7",
      // The standard fonts are files that a bundle lacks, and have only Western European letters.
      font: null as unknown as string,
      info: {
        Title: plainText(title).slice(0, 300),
        Producer: "Rota",
        Creator: "Rota",
        CreationDate: asOf,
        ModDate: asOf,
      },
    });
    this.#fonts = fonts();
    for (const name of ["regular", "bold"] as const) {
      this.pdf.registerFont(name, this.#fonts[name] as unknown as Buffer);
    }
    this.use({ size: 10 });
  }

  use({ size, bold, color = INK }: Style): void {
    this.pdf
      .font(bold ? "bold" : "regular")
      .fontSize(size)
      .fillColor(color);
  }

  lines(text: string, width: number, style: Style): string[] {
    this.use(style);
    const widths = new Map<string, number>();
    return linesOf(this.#drawable(text), width, (piece) => {
      const known = widths.get(piece) ?? this.pdf.widthOfString(piece);
      widths.set(piece, known);
      return known;
    });
  }

  /** Draws lines that were broken for this width, from `y` down; `this.y` does not change. */
  put(
    lines: readonly string[],
    { x, y, width, align = "left" }: { x: number; y: number; width: number; align?: "left" | "right" },
    style: Style,
  ): void {
    this.use(style);
    const space = this.pdf.widthOfString(" ");
    lines.forEach((line, at) => {
      // Each piece alone: together with a right-to-left word, the space after it would be reversed as well.
      const pieces = inVisualOrder(line).map((text) => ({ text, wide: this.pdf.widthOfString(text) }));
      const wide = pieces.reduce((sum, piece) => sum + piece.wide, (pieces.length - 1) * space);
      let left = align === "right" ? x + width - wide : x;
      for (const { text, wide } of pieces) {
        if (text !== "") this.pdf.text(text, left, y + at * this.leading(style), { lineBreak: false });
        left += wide + space;
      }
    });
  }

  /** Draws a thin line to the right. */
  rule(x: number, y: number, width: number, color: string): void {
    this.pdf
      .moveTo(x, y)
      .lineTo(x + width, y)
      .lineWidth(0.6)
      .strokeColor(color)
      .stroke();
  }

  /** Draws a text and adds pages as needed. */
  flow(text: string, style: Style): void {
    for (const line of this.lines(text, CONTENT_WIDTH, style)) {
      this.room(this.leading(style));
      this.put([line], { x: PAGE.margin, y: this.y, width: CONTENT_WIDTH }, style);
      this.y += this.leading(style);
    }
  }

  /** Whether `height` points are left on this page. */
  fits(height: number): boolean {
    return this.y + height <= BOTTOM;
  }

  /** Starts a new page when fewer than `height` points are left. */
  room(height: number): void {
    if (!this.fits(height)) this.turn();
  }

  turn(): void {
    this.pdf.addPage();
    this.y = PAGE.margin;
  }

  /** The height of a line. */
  leading({ size }: Style): number {
    return size * (this.#isTight ? 1.3 : 1.42);
  }

  /** The height of a gap. */
  gap(points: number): number {
    return this.#isTight ? points * 0.7 : points;
  }

  /** The height of a text that is broken for a width. */
  heightOf(text: string, style: Style, width: number = CONTENT_WIDTH): number {
    return this.lines(text, width, style).length * this.leading(style);
  }

  /** The share of the page that is filled, from 0 to 1. */
  get filled(): number {
    return (this.y - PAGE.margin) / (BOTTOM - PAGE.margin);
  }

  get left(): number {
    return BOTTOM - this.y;
  }

  #drawable(text: string): string {
    const known = this.#shown.get(text);
    if (known !== undefined) return known;
    // Joiners and variation selectors have no glyph.
    const bare = plainText(text)
      .normalize("NFC")
      .replaceAll(/[\p{Default_Ignorable_Code_Point}\p{Emoji_Modifier}]/gu, "");
    let shown = "";
    for (const character of bare) {
      const isThere = character === "\n" || this.#has(character.codePointAt(0)!);
      if (!isThere) this.missing += 1;
      shown += isThere ? character : MISSING;
    }
    this.#shown.set(text, shown);
    return shown;
  }

  #has(codePoint: number): boolean {
    const { regular, bold } = this.#fonts;
    return regular.hasGlyphForCodePoint(codePoint) && bold.hasGlyphForCodePoint(codePoint);
  }
}
