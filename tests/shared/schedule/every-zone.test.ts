import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { occurrencesBetween, previousOccurrence } from "#schedule/occurrences.ts";
import type { Schedule } from "#schedule/schedule.ts";
import { schedule } from "#schedule/schedule.ts";
import { utcSuperset } from "#schedule/utc-superset.ts";
import { stretchesBetween, zoneOf } from "#schedule/zone.ts";
import { anyExpression } from "./any-expression.ts";
import type { Change, Sighting } from "./model.ts";
import { changesOf, matcher, occurrencesAmong, watch } from "./model.ts";

const FROM = Date.UTC(2000, 0, 1) / 1000;
const TO = Date.UTC(2041, 0, 1) / 1000;

type ZonedChange = Change & { readonly zone: string };

const zones = Intl.supportedValuesOf("timeZone");
const changes = zones.flatMap((zone) => changesOf(zone, FROM, TO).map((change) => ({ zone, ...change })));

/**
 * Zones that change alike at the same instant show the same wall clock around it: it is watched once for all of them.
 */
const watched = new Map<string, Sighting[]>();
const modelled = new Map<string, number[]>();

const EVERY_QUARTER_WITHOUT_AN_INTERVAL = `0 0,15,30,45 ${Array.from({ length: 24 }, (_, hour) => hour).join(",")} * * *`;

describe("around every change of the clocks of every zone from 2000 to 2040", () => {
  test("there are thousands of changes, the odd ones too", () => {
    expect(changes.length).toBeGreaterThan(10_000);
    const sizes = new Set(changes.map(({ before, after }) => (after - before) / 60));
    expect(sizes).toContain(30);
    expect(sizes).toContain(120);
    expect(sizes).toContain(24 * 60);
  });

  test("the zone has each of them, and no other", () => {
    for (const zone of zones) {
      const began = [...stretchesBetween(zoneOf(zone), FROM, TO)].filter(({ start, offset, offsetBefore }) => {
        return start > FROM && start < TO && offset !== offsetBefore;
      });
      // A stretch that continues over the end of an era occurs twice.
      const known = new Map(began.map(({ start, offset, offsetBefore }) => [start, [start, offsetBefore, offset]]));
      const seen = changes.filter((change) => change.zone === zone);
      expect({ zone, known: [...known.values()] }).toEqual({
        zone,
        known: seen.map(({ instant, before, after }) => [instant, before, after]),
      });
    }
  });

  test.each([
    ["fixed times", EVERY_QUARTER_WITHOUT_AN_INTERVAL],
    ["an interval", "0 */20 * * * *"],
    ["a time of each hour", "0 50 * * * *"],
    ["a range of hours", "0 10 1-3 * * *"],
  ])("%s is due as defined, forwards and backwards, and covered in UTC", (_, expression) => {
    for (const [zone, changesThere] of Map.groupBy(changes, ({ zone }) => zone)) {
      const zoned = schedule(expression, zone);
      const isCovered = matcher(utcSuperset(zoned));
      for (const change of changesThere) {
        const due = dueAround(change, expression);
        expectDue(zoned, change, due);
        if (!due.every(isCovered)) throw new Error(`not covered: ${expression} ${describeChange(change)}`);
      }
    }
  });

  test("a fixed time of that day, within the skipped or repeated time, is due once", () => {
    for (const change of changes) {
      const at = new Date((change.instant + (change.before + change.after) / 2) * 1000);
      const expression = `0 ${at.getUTCMinutes()} ${at.getUTCHours()} ${at.getUTCDate()} ${at.getUTCMonth() + 1} *`;
      const due = dueAround(change, expression);
      if (due.length !== 1) throw new Error(`expected one, got ${due.length}: ${describeChange(change)}`);
      const once = schedule(expression, change.zone);
      expectDue(once, change, due);
    }
  });

  test("any expression, at any change, is due as defined and covered in UTC", () => {
    fc.assert(
      fc.property(anyExpression(), fc.constantFrom(...changes), (expression, change) => {
        const zoned = schedule(expression, change.zone);
        const due = occurrencesAmong(expression, sightingsAround(change));
        expectDue(zoned, change, due);
        const superset = utcSuperset(zoned);
        expect(due.filter((instant) => !matcher(superset)(instant))).toEqual([]);
      }),
      { numRuns: 600 },
    );
  });
});

function dueAround(change: ZonedChange, expression: string): number[] {
  const key = `${expression} ${windowKey(change)}`;
  let due = modelled.get(key);
  if (!due) modelled.set(key, (due = occurrencesAmong(expression, sightingsAround(change))));
  return due;
}

function sightingsAround(change: ZonedChange): Sighting[] {
  let sightings = watched.get(windowKey(change));
  if (!sightings) watched.set(windowKey(change), (sightings = watch(change.zone, ...windowOf(change))));
  return sightings;
}

function windowKey({ instant, before, after }: Change): string {
  return `${instant} ${before} ${after}`;
}

/** Enough to see the repeated times both times, and half an hour besides. */
function windowOf({ instant, before, after }: Change): [number, number] {
  const reach = Math.abs(after - before) + 1800;
  return [instant - reach, instant + reach];
}

function expectDue(zoned: Schedule, change: Change, due: readonly number[]): void {
  const [from, to] = windowOf(change).map((second) => new Date(second * 1000)) as [Date, Date];
  const forwards = [...occurrencesBetween(zoned, from, to)].map((date) => date.getTime() / 1000);
  const backwards: number[] = [];
  for (let at = previousOccurrence(zoned, to); at && at >= from; at = previousOccurrence(zoned, at)) {
    backwards.unshift(at.getTime() / 1000);
  }
  if (forwards.join() !== due.join() || backwards.join() !== due.join()) {
    const iso = (seconds: readonly number[]) => seconds.map((second) => new Date(second * 1000).toISOString());
    expect({
      of: describeChange(change),
      expression: zoned.expression,
      forwards: iso(forwards),
      backwards: iso(backwards),
    }).toEqual({
      of: describeChange(change),
      expression: zoned.expression,
      forwards: iso(due),
      backwards: iso(due),
    });
  }
}

function describeChange(change: Change): string {
  return JSON.stringify({ ...change, instant: new Date(change.instant * 1000).toISOString() });
}
