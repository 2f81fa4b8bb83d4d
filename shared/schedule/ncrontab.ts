import { daysInMonth } from "./calendar.ts";
import type { Field, FieldKind } from "./field.ts";
import { DAY, HOUR, MINUTE, MONTH, readField, SECOND, WEEKDAY, writeField } from "./field.ts";

/** A parsed six-field expression. Day and weekday must both match. */
export interface Ncrontab {
  readonly second: Field;
  readonly minute: Field;
  readonly hour: Field;
  readonly day: Field;
  readonly month: Field;
  readonly weekday: Field;
}

/** In their written order. */
export const FIELD_KINDS: readonly FieldKind[] = [SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY];

const ANATOMY = '"second minute hour day month weekday"';

/** Reads an expression. Each fault goes to `report`; the result is `null` then. */
export function readNcrontab(expression: string, report: (fault: string) => void): Ncrontab | null {
  const texts = expression.trim().split(/\s+/).filter(Boolean);
  if (texts.length !== FIELD_KINDS.length) {
    const hint = texts.length === 5 ? `; the seconds field is missing: did you mean "0 ${texts.join(" ")}"?` : "";
    report(`expected six fields ${ANATOMY}, got ${texts.length} in "${expression}"${hint}`);
    return null;
  }

  const faults: string[] = [];
  const read = (index: number, kind: FieldKind) => readField(kind, texts[index] ?? "", (fault) => faults.push(fault));
  const ncrontab: Ncrontab = {
    second: read(0, SECOND),
    minute: read(1, MINUTE),
    hour: read(2, HOUR),
    day: read(3, DAY),
    month: read(4, MONTH),
    weekday: read(5, WEEKDAY),
  };
  if (faults.length === 0 && !canFire(ncrontab)) {
    const [days, months] = [writeField(ncrontab.day), writeField(ncrontab.month)];
    faults.push(`day field: expected a day that comes in month ${months}, got "${days}", which would never fire`);
  }
  for (const fault of faults) report(`${fault} (in "${expression}")`);
  return faults.length === 0 ? ncrontab : null;
}

export function writeNcrontab({ second, minute, hour, day, month, weekday }: Ncrontab): string {
  return [second, minute, hour, day, month, weekday].map(writeField).join(" ");
}

/** Whether it is an interval as Cronos defines it: a star, a range or a step among its seconds, minutes or hours. */
export function isInterval({ second, minute, hour }: Ncrontab): boolean {
  return second.isInterval || minute.isInterval || hour.isInterval;
}

/** Every existing date, 29 February too, falls on every weekday in some year, so the weekday cannot exclude it. */
function canFire({ day, month }: Ncrontab): boolean {
  const leapYear = 2000;
  return month.values.some((one) => (day.values[0] ?? Infinity) <= daysInMonth(leapYear, one));
}
