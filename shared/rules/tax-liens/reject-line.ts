/** A row of a list that was refused, as the reject file has it. */
export interface RejectedRow {
  readonly line: number;
  readonly reasons: readonly string[];
  readonly raw: string;
}

export const REJECT_HEADER = "line,reasons,raw\r\n";

/**
 * One line of a reject file. A text that a spreadsheet would take for a formula is led by an apostrophe: a list must not be able to
 * run something where a person opens the file.
 */
export function rejectLine({ line, reasons, raw }: RejectedRow): string {
  return `${line},${cell(reasons.join("; "))},${cell(raw)}\r\n`;
}

function cell(text: string): string {
  const harmless = /^\s*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
