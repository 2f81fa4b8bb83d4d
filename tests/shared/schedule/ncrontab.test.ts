import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Ncrontab } from "#schedule/ncrontab.ts";
import { readNcrontab, writeNcrontab } from "#schedule/ncrontab.ts";
import { nextOccurrence, occurrencesBetween } from "#schedule/occurrences.ts";
import { schedule } from "#schedule/schedule.ts";
import { ScheduleError } from "#schedule/schedule-error.ts";
import { anyExpression } from "./any-expression.ts";

interface Vector {
  readonly expr: string;
  /** `std` has five fields, `sec` six. */
  readonly fields: "std" | "sec";
}

interface Vectors {
  /** With an `end`, a `next` equal to it means that none comes before. */
  readonly next: readonly (Vector & { start: string; next: string; end?: string })[];
  readonly finite: readonly (Vector & { start: string; end: string; occurrences: string[] })[];
  readonly equivalent: readonly (Vector & { canonical: string })[];
  readonly invalid: readonly Vector[];
}

const file = "../shared/data/recurrence/ncrontab-vectors.json";
const isThere = existsSync(file);
const vectors = isThere ? (JSON.parse(readFileSync(file, "utf8")) as Vectors) : null;

describe.skipIf(!isThere)(`as NCrontab's own tests have it (skipped without ${file})`, () => {
  test("the next occurrence", () => {
    expect(vectors?.next.length).toBeGreaterThan(100);
    for (const { start, next, end = "9999-01-01", ...vector } of vectors?.next ?? []) {
      const found = nextOccurrence(schedule(sixFields(vector), "UTC"), utc(start)) ?? utc(end);
      expect({ ...vector, start, next: found < utc(end) ? found : utc(end) }).toEqual({
        ...vector,
        start,
        next: utc(next),
      });
    }
  });

  test("the occurrences within two exclusive ends", () => {
    const canFire = vectors?.finite.filter(({ expr }) => !expr.includes("31 Feb")) ?? [];
    expect(canFire.length).toBe(12);
    for (const { start, end, occurrences, ...vector } of canFire) {
      const afterStart = new Date(utc(start).getTime() + 1);
      const found = [...occurrencesBetween(schedule(sixFields(vector), "UTC"), afterStart, utc(end))];
      expect({ ...vector, found }).toEqual({ ...vector, found: occurrences.map(utc) });
    }
  });

  test("expressions that mean the same", () => {
    expect(vectors?.equivalent.length).toBeGreaterThan(0);
    for (const { expr, canonical, fields } of vectors?.equivalent ?? []) {
      expect(rewritten(sixFields({ expr, fields }))).toBe(rewritten(sixFields({ expr: canonical, fields })));
    }
  });

  test("refused expressions, and 31 February, which NCrontab accepts and never fires", () => {
    const never = vectors?.finite.filter(({ expr }) => expr.includes("31 Feb")) ?? [];
    expect(never.length).toBe(2);
    for (const vector of [...(vectors?.invalid ?? []), ...never]) {
      expect(() => schedule(sixFields(vector), "UTC"), vector.expr).toThrow(ScheduleError);
    }
  });
});

describe("an expression", () => {
  test("that is read and written again keeps its meaning and its text", () => {
    fc.assert(
      fc.property(anyExpression(), (expression) => {
        const once = rewritten(expression);
        expect(valuesOf(once)).toEqual(valuesOf(expression));
        expect(rewritten(once)).toBe(once);
      }),
    );
  });

  test.each([
    ["*/30 */5 */6 * * *", "*/30 */5 */6 * * *"],
    ["0,30 0,45 14,15 * * *", "*/30 0,45 14,15 * * *"],
    ["0 0 9-17 1-31 1-12 MON-FRI", "0 0 9-17 * * 1-5"],
    ["0 5/10 1,2,3,7 10-20/5 jan-mar,SEPT 0", "0 5-55/10 1-3,7 10-20/5 1-3,9 0"],
  ])("%s is written %s", (expression, written) => {
    expect(rewritten(expression)).toBe(written);
  });
});

function sixFields({ expr, fields }: Vector): string {
  return fields === "std" ? `0 ${expr}` : expr;
}

function utc(time: string): Date {
  return new Date(`${time}Z`);
}

function read(expression: string): Ncrontab {
  return readNcrontab(expression, (fault) => expect.unreachable(fault)) ?? expect.unreachable();
}

function rewritten(expression: string): string {
  return writeNcrontab(read(expression));
}

function valuesOf(expression: string) {
  const { second, minute, hour, day, month, weekday } = read(expression);
  return [second, minute, hour, day, month, weekday].map(({ values }) => values);
}
