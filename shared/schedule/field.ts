/** One field of an NCRONTAB expression: its allowed numbers, how it is read and how it is written. */

export interface FieldKind {
  readonly name: "second" | "minute" | "hour" | "day" | "month" | "weekday";
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

export interface Field {
  readonly kind: FieldKind;
  /** Ascending, without repeats. */
  readonly values: readonly number[];
  /** By number: the nearest allowed value at or above it, and at or below it, or `NONE`. */
  readonly atOrAfter: Int8Array;
  readonly atOrBefore: Int8Array;
  /** Written with `*`, a range or a step. */
  readonly isInterval: boolean;
}

export const NONE = -1;

const MONTHS = "JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER".split(" ");
const WEEKDAYS = "SUNDAY MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY".split(" ");

export const SECOND: FieldKind = { name: "second", min: 0, max: 59, names: [] };
export const MINUTE: FieldKind = { name: "minute", min: 0, max: 59, names: [] };
export const HOUR: FieldKind = { name: "hour", min: 0, max: 23, names: [] };
export const DAY: FieldKind = { name: "day", min: 1, max: 31, names: [] };
export const MONTH: FieldKind = { name: "month", min: 1, max: 12, names: MONTHS };
export const WEEKDAY: FieldKind = { name: "weekday", min: 0, max: 6, names: WEEKDAYS };

/** Reads one field. Each fault goes to `report`; the returned field must not be used then. */
export function readField(kind: FieldKind, text: string, report: (fault: string) => void): Field {
  const values = text.split(",").flatMap((item) =>
    readItem(kind, item, (expected, hint = "") => {
      const where = item === text ? "" : ` in "${text}"`;
      report(`${kind.name} field: expected ${expected}, got "${item}"${where}${hint && `; ${hint}`}`);
    }),
  );
  return fieldOf(kind, values, /[*/-]/.test(text));
}

/** The field that allows exactly these values. */
export function fieldOf(kind: FieldKind, values: Iterable<number>, isInterval = false): Field {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  // One longer than the largest value, so that "the next one after this" needs no bounds check.
  const atOrAfter = new Int8Array(kind.max + 2).fill(NONE);
  const atOrBefore = new Int8Array(kind.max + 2).fill(NONE);
  for (const value of sorted) atOrBefore.fill(value, value);
  for (const value of sorted.toReversed()) atOrAfter.fill(value, 0, value + 1);
  return { kind, values: sorted, atOrAfter, atOrBefore, isInterval };
}

/** Writes a field as short as possible without names: a star, a step, or ranges and single values. */
export function writeField(field: Field): string {
  const { kind, values } = field;
  if (values.length === sizeOf(kind)) return "*";
  const step = stepOf(field);
  if (step) return `*/${step}`;

  const [first = kind.min, second = first] = values;
  const stride = second - first;
  if (values.length > 2 && stride > 1 && values.every((value, index) => value === first + index * stride)) {
    return `${first}-${String(values.at(-1))}/${stride}`;
  }
  return runsOf(values).map(writeRun).join(",");
}

/** How many values a field of this kind has when it allows all. */
export function sizeOf(kind: FieldKind): number {
  return kind.max - kind.min + 1;
}

/** The step of a field that can be written as a star and a step; `null` for any other, and for one value or all. */
export function stepOf({ kind, values }: Field): number | null {
  const [first, second = kind.min] = values;
  const step = second - kind.min;
  const isStep =
    values.length > 1 &&
    step > 1 &&
    first === kind.min &&
    values.length === Math.ceil(sizeOf(kind) / step) &&
    values.every((value, index) => value === kind.min + index * step);
  // Two values form a step only when they divide the field evenly: 0,30 does, 0,45 does not.
  return isStep && (values.length > 2 || sizeOf(kind) % step === 0) ? step : null;
}

/** Splits ascending values into runs without gaps: `[1, 2, 3, 7]` → `[[1, 2, 3], [7]]`. */
export function runsOf(values: readonly number[]): number[][] {
  const runs: number[][] = [];
  for (const value of values) {
    const run = runs.at(-1);
    if (run?.at(-1) === value - 1) run.push(value);
    else runs.push([value]);
  }
  return runs;
}

function writeRun(run: number[]): string {
  return run.length < 3 ? run.join(",") : `${String(run[0])}-${String(run.at(-1))}`;
}

type Complain = (expected: string, hint?: string) => void;

function readItem(kind: FieldKind, item: string, complain: Complain): number[] {
  const [, span = "", step] = /^([^/]*)(?:\/(.*))?$/.exec(item) ?? [];
  const [low, high] = readSpan(kind, span, step !== undefined, complain);
  const every = readStep(kind, step, complain);
  if (Number.isNaN(low + high + every)) return [];
  if (low > high) {
    complain("a range from low to high", `to go round the end write ${aroundTheEnd(kind, { low, high, every })}`);
  }
  const values: number[] = [];
  for (let value = low; value <= high; value += every) values.push(value);
  return values;
}

function readSpan(kind: FieldKind, span: string, isStepped: boolean, complain: Complain): [number, number] {
  if (span === "*") return [kind.min, kind.max];
  const [from = "", to, ...rest] = span.split("-");
  if (rest.length > 0) complain("one range");
  const low = readValue(kind, from, complain);
  if (to !== undefined) return [low, readValue(kind, to, complain)];
  return [low, isStepped ? kind.max : low];
}

function readStep(kind: FieldKind, step: string | undefined, complain: Complain): number {
  if (step === undefined) return 1;
  const every = /^\d+$/.test(step) ? Number(step) : NaN;
  if (every >= 1 && every <= kind.max) return every;
  complain(`a step of 1 to ${kind.max}`);
  return NaN;
}

function readValue(kind: FieldKind, text: string, complain: Complain): number {
  const { min, max, names } = kind;
  const value = /^\d+$/.test(text) ? Number(text) : readName(names, text) + min;
  if (value >= min && value <= max) return value;

  const named = names.length > 0 ? ` or a name such as ${(names[1] ?? "").slice(0, 3)}` : "";
  complain(`${min} to ${max}${named}`, hintFor(kind, text));
  return NaN;
}

/** NCRONTAB accepts any prefix of an English name, even "M"; three letters are the shortest unambiguous prefix. */
function readName(names: readonly string[], text: string): number {
  if (text.length < 3) return NaN;
  const index = names.findIndex((name) => name.startsWith(text.toUpperCase()));
  return index < 0 ? NaN : index;
}

function hintFor(kind: FieldKind, text: string): string | undefined {
  if (text === "?") return "write *";
  if (kind === WEEKDAY && text === "7") return "Sunday is 0";
  if (/^(\d*[LW]+|\w+[#L]\d*)$/i.test(text)) return "NCRONTAB knows no L, W or #";
  const guess = kind.names.find((name) => text.length >= 3 && name.startsWith(text.slice(0, 3).toUpperCase()));
  return guess && `did you mean ${guess.slice(0, 3)}?`;
}

/** Two ranges for one that wraps; the second continues the steps of the first. */
function aroundTheEnd(
  { min, max }: FieldKind,
  { low, high, every }: { low: number; high: number; every: number },
): string {
  const last = low + Math.floor((max - low) / every) * every;
  const next = last + every - (max - min + 1);
  return [range(low, max, every), ...(next <= high ? [range(next, high, every)] : [])].join(",");
}

function range(low: number, high: number, every: number): string {
  if (low + every > high) return String(low);
  return every === 1 ? `${low}-${high}` : `${low}-${high}/${every}`;
}
