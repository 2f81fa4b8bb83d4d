const FORMULA_TEXT = /^=\s*"([^"]*)"$/;
const ERRORS = /^#(?:REF!|VALUE!|NAME\?|DIV\/0!|NUM!|NULL!|SPILL!|CALC!|#+)$/;
/** Excel and Python write `1.01E+11`, Java writes `1.01E11`. `4E12` is the number of a parcel. */
const SCIENTIFIC = /^\d(?:\.\d+)?E\+\d{1,3}$|^\d\.\d+E\d{1,3}$/i;
const DAY_OF_MONTH = /^\d{1,2}-(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?:-\d{2,4})?$/i;
const MONTH_AND_YEAR = /^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-\d{1,2}$/i;
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}[ T]00:00(?::00(?:\.0+)?)?$/;

/** A text without the mark that keeps a spreadsheet from changing it as a formula: `="00123"` is 00123. */
export function withoutFormula(text: string): string {
  return text.startsWith("=") ? (FORMULA_TEXT.exec(text)?.[1] ?? text) : text;
}

/** The same for an id or a number, which may begin with an apostrophe as well: `'00124` is 00124. */
export function withoutTextMark(text: string): string {
  const bare = withoutFormula(text);
  return bare.startsWith("'") && !bare.includes("'", 1) ? bare.slice(1).trimStart() : bare;
}

/** How a spreadsheet has destroyed an id; undefined when it has not. */
export function damageOf(id: string): string | undefined {
  if (SCIENTIFIC.test(id)) return "the number without its last digits";
  if (isSpreadsheetError(id)) return "its error";
  if (DAY_OF_MONTH.test(id) || MONTH_AND_YEAR.test(id) || TIMESTAMP.test(id)) return "a date";
  return undefined;
}

export function isSpreadsheetError(text: string): boolean {
  return text.startsWith("#") && ERRORS.test(text);
}

/** The id that a spreadsheet wrote as a decimal number (`10100123.0`); null for another text. */
export function wholeNumberId(id: string): string | null {
  return /^\d{5,}\.0$/.test(id) ? id.slice(0, -2) : null;
}
