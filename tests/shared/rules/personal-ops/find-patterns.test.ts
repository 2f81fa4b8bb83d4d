import fc from "fast-check";
import { expect, it } from "vitest";
import { actionSequences } from "#rules/personal-ops/action-sequences.ts";
import { dailyActions } from "#rules/personal-ops/daily-actions.ts";
import { findPatterns, STORED_FROM } from "#rules/personal-ops/find-patterns.ts";
import { type ActionFact, confidenceOf } from "#rules/personal-ops/pattern.ts";
import { repeatedCorrections } from "#rules/personal-ops/repeated-corrections.ts";
import { repeatedFailures } from "#rules/personal-ops/repeated-failures.ts";

const ZONE = "America/Chicago";
const fact = (at: string | number, action: string, rest: Partial<ActionFact> = {}): ActionFact => ({
  at: new Date(at),
  action,
  isByHand: true,
  hasFailed: false,
  ...rest,
});
const of = (action: string, failures: number, attempts: number) =>
  Array.from({ length: attempts }, (_, n) => fact(n * 60_000, action, { isByHand: false, hasFailed: n < failures }));

it("the confidence grows with the repetitions and with their share of all cases, and stays below 1", () => {
  const figures = [confidenceOf(2, 2), confidenceOf(3, 3), confidenceOf(4, 8), confidenceOf(3, 48)];
  expect(figures.map((figure) => figure.toFixed(2))).toEqual(["0.67", "0.75", "0.60", "0.40"]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 0, max: 1_000 }), (n, others) => {
      const confidence = confidenceOf(n, n + others);
      expect(confidence).toBeGreaterThan(0);
      expect(confidence).toBeLessThan(1);
      expect(confidenceOf(n + 1, n + 1 + others)).toBeGreaterThan(confidence);
      expect(confidenceOf(n, n + others + 1)).toBeLessThan(confidence);
    }),
  );
});

it("an action that failed three times is a repeated failure, one that failed twice is none", () => {
  const found = repeatedFailures([...of("sync_notion", 3, 4), ...of("sync_n8n", 2, 2)]);
  expect(found).toMatchObject([
    { title: "sync_notion failed 3 of 4 times in 24 hours", evidence: { failures: 3, attempts: 4 } },
  ]);
});

it("corrections of one subject count together, whatever its case and its spaces are", () => {
  const found = repeatedCorrections([
    { subject: "Acme  phone", right: "555" },
    { subject: " acme phone", right: "555" },
    { subject: "ACME PHONE", right: "556" },
    { subject: "another", right: "x" },
  ]);
  expect(found).toMatchObject([{ confidence: confidenceOf(2, 3), evidence: { subject: "acme phone", right: "555" } }]);
});

it("an action at one local time on three days is a daily action, in the weeks of both clock changes too", () => {
  // 08:00 in Chicago is 14:00 UTC in winter and 13:00 UTC in summer.
  const spring = ["2026-03-07T14:00:00Z", "2026-03-08T13:10:00Z", "2026-03-09T13:00:00Z"];
  const autumn = ["2026-10-31T13:00:00Z", "2026-11-01T14:05:00Z", "2026-11-02T14:00:00Z"];
  for (const days of [spring, autumn]) {
    const since = new Date(Date.parse(days[2]!) - 86_400_000);
    const facts = days.map((day) => fact(day, "review inbox"));
    const [found, ...others] = dailyActions(facts, { since, zone: ZONE });
    expect(others).toEqual([]);
    expect(found).toMatchObject({ confidence: 0.75, evidence: { days: 3, of: 3, from: "08:00" } });
  }
});

it("the hour that the clock repeats is one time of one day", () => {
  const facts = ["2026-11-01T06:30:00Z", "2026-11-01T07:30:00Z", "2026-11-02T07:30:00Z"].map((at) => fact(at, "a"));
  expect(dailyActions(facts, { since: new Date("2026-11-01T12:00:00Z"), zone: ZONE })).toEqual([]);
});

it("a time of day may cross midnight, and the minutes before and after it are one day", () => {
  const at = (...times: string[]) => times.map((time) => fact(`${time}:00Z`, "close the books"));
  const since = new Date("2026-05-03T00:00:00Z");
  const two = at("2026-05-01T23:55", "2026-05-02T00:05", "2026-05-02T23:55", "2026-05-03T00:05");
  expect(dailyActions(two, { since, zone: "UTC" })).toEqual([]);
  const three = at("2026-05-01T23:55", "2026-05-03T00:05", "2026-05-03T23:50");
  expect(dailyActions(three, { since, zone: "UTC" })).toMatchObject([
    { evidence: { days: 3, of: 3, from: "23:50", to: "00:05" } },
  ]);
});

it("an action that was not done at its time in the last 24 hours is no daily action, and neither is one of a job", () => {
  const days = ["2026-05-01T08:00:00Z", "2026-05-02T08:00:00Z", "2026-05-03T08:00:00Z"];
  const past = [...days, "2026-05-09T20:00:00Z"].map((at) => fact(at, "a"));
  expect(dailyActions(past, { since: new Date("2026-05-09T00:00:00Z"), zone: "UTC" })).toEqual([]);
  const ofJob = days.map((at) => fact(at, "a", { isByHand: false }));
  expect(dailyActions(ofJob, { since: new Date("2026-05-03T00:00:00Z"), zone: "UTC" })).toEqual([]);
});

it("the days of a daily action are those that a count of every window finds", () => {
  const minute = fc.integer({ min: 0, max: 14 * 1_440 - 1 });
  fc.assert(
    fc.property(fc.array(minute, { maxLength: 40 }), (minutes) => {
      const since = new Date(13 * 86_400_000);
      const facts = minutes.map((minute) => fact(minute * 60_000, "a"));
      const found = dailyActions(facts, { since, zone: "UTC" });
      expect(found[0]?.evidence.days ?? 0).toBe(mostDays(minutes));
    }),
  );
});

/** Tries all 1,440 windows. */
function mostDays(minutes: readonly number[]): number {
  const days = Array.from({ length: 1_440 }, (_, start) => {
    const inWindow = minutes.filter((minute) => (((minute - start) % 1_440) + 1_440) % 1_440 < 30);
    if (!inWindow.some((minute) => minute >= 13 * 1_440)) return 0;
    return new Set(inWindow.map((minute) => Math.floor((minute - start) / 1_440))).size;
  });
  const most = Math.max(...days);
  return most < 3 ? 0 : most;
}

const pairs = (n: number, gapMs: number, second: Partial<ActionFact> = {}) =>
  Array.from({ length: n }, (_, i) => [
    fact(i * 3_600_000, "export"),
    fact(i * 3_600_000 + gapMs, "send", second),
  ]).flat();

it("an action by hand that follows another one four times within ten minutes is a sequence", () => {
  expect(actionSequences(pairs(4, 600_000))).toMatchObject([
    { confidence: 0.8, evidence: { first: "export", second: "send", support: 4, cases: 4 } },
  ]);
  expect(actionSequences(pairs(3, 600_000))).toEqual([]);
  expect(actionSequences(pairs(4, 600_001))).toEqual([]);
  expect(actionSequences(pairs(4, 60_000, { isByHand: false }))).toEqual([]);
});

it("actions of one instant do not follow each other", () => {
  expect(actionSequences(pairs(10, 0))).toEqual([]);
});

it("each occurrence of the first action counts once, however often the second one follows it", () => {
  const facts = [fact(0, "export"), ...Array.from({ length: 9 }, (_, n) => fact((n + 1) * 1_000, "send"))];
  expect(actionSequences(facts)).toEqual([]);
});

const facts = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: 86_400 }).map((second) => new Date(second * 1_000)),
    action: fc.constantFrom("a", "b", "c"),
    isByHand: fc.boolean(),
    hasFailed: fc.boolean(),
  }),
  { maxLength: 60 },
);
const search = (actions: readonly ActionFact[]) =>
  findPatterns({ actions, byHand: actions, corrections: [], since: new Date(0), zone: ZONE });

it("the order of the facts does not change the patterns", () => {
  fc.assert(
    fc.property(facts, (actions) => {
      expect(search([...actions].reverse())).toEqual(search(actions));
    }),
  );
});

it("a pattern keeps its fingerprint when its figures change, and no two patterns of a scan share one", () => {
  const [before] = search(of("sync_notion", 4, 4));
  const [after] = search(of("sync_notion", 9, 10));
  expect(after!.fingerprint).toBe(before!.fingerprint);
  expect(after!.title).not.toBe(before!.title);
  fc.assert(
    fc.property(facts, (actions) => {
      const found = search(actions);
      expect(new Set(found.map(({ fingerprint }) => fingerprint)).size).toBe(found.length);
      expect(found.every(({ confidence }) => confidence >= STORED_FROM)).toBe(true);
    }),
  );
});

it("100,000 facts of which many share an instant have their patterns in one pass", () => {
  const many = Array.from({ length: 100_000 }, (_, n) => fact(Math.floor(n / 2_000) * 60_000, `action ${n % 500}`));
  // A search that compares each fact with each other one exceeds the limit of this test.
  const titles = search([...many, ...of("sync_notion", 4, 4)]).map(({ title }) => title);
  expect(titles).toContain("sync_notion failed 4 of 4 times in 24 hours");
});
