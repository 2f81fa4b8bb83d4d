/** A document as plain values: templates create it, renderers read it. Texts are plain text, never markup. */
export interface DocumentModel {
  readonly title: string;
  readonly subtitle: string;
  /** For whom the document is. Null: unknown. */
  readonly recipient: string | null;
  /** Name of the document in the footer of each page. */
  readonly reference: string;
  /** The instant of the document. It dates the PDF, so that the same model gives the same bytes. */
  readonly asOf: Date;
  readonly blocks: readonly Block[];
}

export type Block = Heading | Paragraph | KeyFigures | FactLists | Table | BarChart;

export interface Heading {
  readonly kind: "heading";
  readonly text: string;
}

/** Line breaks are kept; an empty line separates paragraphs. */
export interface Paragraph {
  readonly kind: "paragraph";
  readonly text: string;
  /** `note` is set apart from the content of the document, `warning` asks for attention. Default `plain`. */
  readonly tone?: "plain" | "note" | "warning";
}

/** The most important numbers, side by side. */
export interface KeyFigures {
  readonly kind: "figures";
  readonly figures: readonly { readonly label: string; readonly value: string; readonly note?: string | undefined }[];
}

/** Lists of labelled facts, side by side when there is room. */
export interface FactLists {
  readonly kind: "facts";
  readonly lists: readonly { readonly title: string; readonly facts: readonly (readonly [string, string])[] }[];
}

export interface Table {
  readonly kind: "table";
  /** `share`: width relative to the other columns. */
  readonly columns: readonly { readonly title: string; readonly align: "left" | "right"; readonly share: number }[];
  /** One cell per column. */
  readonly rows: readonly (readonly string[])[];
  readonly total?: readonly string[];
}

/** Horizontal bars from zero. A negative value has no bar, but its text is shown. */
export interface BarChart {
  readonly kind: "chart";
  readonly title: string;
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly shown: string;
  /** Maximum of the value, drawn behind the bar. */
  readonly of?: number | undefined;
}

/**
 * Text that is safe to show: without control characters and bidirectional control marks, by which a field could change
 * the reading of the text around it. Line breaks stay.
 */
export function plainText(text: string): string {
  return (
    text
      .toWellFormed()
      .replaceAll(/\r\n?/g, "\n")
      .replaceAll("\t", " ")
      // eslint-disable-next-line no-control-regex -- the pattern removes control characters
      .replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")
  );
}

/** The paragraphs of a text, each with its line breaks. */
export function paragraphsOf(text: string): string[] {
  return plainText(text)
    .split(/\n[ ]*\n/)
    .map((paragraph) => paragraph.trim())
    .filter(Boolean);
}

/** The length of each bar of a chart and of its maximum behind it, from 0 to 1. */
export function barLengths({ bars }: BarChart): { bar: number; behind: number }[] {
  const largest = Math.max(0, ...bars.map(({ value, of = 0 }) => Math.max(value, of)));
  const length = (value: number) => (largest === 0 ? 0 : Math.max(0, value) / largest);
  return bars.map(({ value, of = 0 }) => ({ bar: length(value), behind: length(of) }));
}
