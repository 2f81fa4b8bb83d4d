/** A document as plain values: what every template makes and every renderer takes. All texts are text, never markup. */
export interface DocumentModel {
  readonly title: string;
  readonly subtitle: string;
  /** What the footer of each page names it by. */
  readonly reference: string;
  /** The moment it stands for: dates the PDF, so that the same model gives the same bytes. */
  readonly asOf: Date;
  readonly blocks: readonly Block[];
}

export type Block = Heading | Paragraph | KeyFigures | FactLists | Table | BarChart;

export interface Heading {
  readonly kind: "heading";
  readonly text: string;
}

/** Line breaks in it are kept; an empty line parts two paragraphs. */
export interface Paragraph {
  readonly kind: "paragraph";
  readonly text: string;
  /** `note` is set apart from what the document says of its matter. Default `plain`. */
  readonly tone?: "plain" | "note";
}

/** The few numbers that the reader came for, side by side. */
export interface KeyFigures {
  readonly kind: "figures";
  readonly figures: readonly { readonly label: string; readonly value: string; readonly note?: string | undefined }[];
}

/** What is recorded of one or two things, side by side where there is room. */
export interface FactLists {
  readonly kind: "facts";
  readonly lists: readonly { readonly title: string; readonly facts: readonly (readonly [string, string])[] }[];
}

export interface Table {
  readonly kind: "table";
  /** `share` is of the width, beside those of the others. */
  readonly columns: readonly { readonly title: string; readonly align: "left" | "right"; readonly share: number }[];
  /** As many cells as there are columns. */
  readonly rows: readonly (readonly string[])[];
  readonly total?: readonly string[];
}

/** Horizontal bars from zero; a negative value is drawn as none, and shown as what it is. */
export interface BarChart {
  readonly kind: "chart";
  readonly title: string;
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly shown: string;
  /** The most that it could be, drawn behind it. */
  readonly of?: number | undefined;
}

/**
 * Text as it may be shown anywhere: without control characters, and without the marks that turn the direction of what follows,
 * with which a field could make its surroundings read as something else. Line breaks stay.
 */
export function plainText(text: string): string {
  return (
    text
      .toWellFormed()
      .replaceAll(/\r\n?/g, "\n")
      .replaceAll("\t", " ")
      // eslint-disable-next-line no-control-regex -- they are what is taken out
      .replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")
  );
}

/** Paragraphs of a text, each with its lines. */
export function paragraphsOf(text: string): string[] {
  return plainText(text)
    .split(/\n[ ]*\n/)
    .map((paragraph) => paragraph.trim())
    .filter(Boolean);
}

/** How long each bar of a chart is, and what is drawn behind it, from 0 to 1. */
export function barLengths({ bars }: BarChart): { bar: number; behind: number }[] {
  const largest = Math.max(0, ...bars.map(({ value, of = 0 }) => Math.max(value, of)));
  const length = (value: number) => (largest === 0 ? 0 : Math.max(0, value) / largest);
  return bars.map(({ value, of = 0 }) => ({ bar: length(value), behind: length(of) }));
}
