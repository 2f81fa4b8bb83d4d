/** A refused row of a list, for the reject file. */
export interface RejectedRow {
  readonly line: number;
  readonly reasons: readonly string[];
  readonly raw: string;
}

export const REJECT_HEADER = "line,reasons,raw\r\n";

/**
 * One line of a reject file (CSV). A text that a spreadsheet would evaluate as a formula gets an apostrophe in front,
 * so that a list cannot run code when a person opens the file.
 */
export function rejectLine({ line, reasons, raw }: RejectedRow): string {
  return `${line},${cell(reasons.join("; "))},${cell(raw)}\r\n`;
}

function cell(text: string): string {
  const harmless = /^\s*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
