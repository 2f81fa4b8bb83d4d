import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestBullets, MOST_BULLETS } from "#rules/personal-ops/digest-bullets.ts";
import { type IncidentFact, URGENCY } from "#rules/personal-ops/ops-facts.ts";
import { incident, quiet } from "./ops-facts.ts";

const at = (time: string) => new Date(`2026-12-01T${time}:00Z`);
const texts = (given: Partial<typeof quiet>) => digestBullets({ ...quiet, ...given }).map(({ text }) => text);

it("puts the most urgent first, then the newest, and keeps five", () => {
  const incidents = [
    incident(1, { severity: "WARN", firstSeen: at("08:00") }),
    incident(2, { severity: "SEV0", firstSeen: at("07:00") }),
    incident(3, { severity: "WARN", firstSeen: at("10:00") }),
    incident(4, { severity: "SEV1", firstSeen: at("09:00"), occurrences: 3 }),
    incident(5, { severity: "WARN", firstSeen: at("09:00") }),
    incident(6, { severity: "WARN", firstSeen: at("07:30"), isResolved: true }),
  ];
  expect(digestBullets({ ...quiet, incidents }).map(({ severity, text }) => `${severity} ${text}`)).toEqual([
    "SEV0 incident 2 (open since 01:00)",
    "SEV1 incident 4 (open since 03:00, 3 times)",
    "WARN incident 3 (open since 04:00)",
    "WARN incident 5 (open since 03:00)",
    "WARN incident 1 (open since 02:00)",
  ]);
});

it("reports proposals, corrections, failed workflows, failed jobs and API calls", () => {
  expect(
    texts({
      proposals: { count: 3, titles: ["Retry the invoice", "Move the call", "x"], at: at("10:00") },
      corrections: { count: 1, titles: ["notion.page.1"], at: at("11:00") },
      workflows: {
        failed: [
          { name: "Invoices", count: 7 },
          { name: "Mail", count: 1 },
        ],
        at: at("09:00"),
      },
      jobs: { run: 1_240, failed: 2, at: at("10:00") },
      apiCalls: { calls: 1_234_567, errors: 12 },
    }),
  ).toEqual([
    "2 of 1240 attempts of jobs failed",
    "8 failed workflow executions: Invoices 7, Mail 1",
    "1 correction: notion.page.1",
    "3 new proposals: Retry the invoice; Move the call, and 1 more",
    "1,234,567 API calls, 12 with an error",
  ]);
});

it("has one bullet on a day without news, and the date of an incident that began before the day", () => {
  expect(texts({})).toEqual(["Nothing happened that needs you"]);
  expect(texts({ incidents: [incident(1, { firstSeen: new Date("2026-11-28T12:00:00Z") })] })).toEqual([
    "incident 1 (open since 2026-11-28)",
  ]);
});

describe("for any facts", () => {
  const any = fc.array(
    fc.record({
      severity: fc.constantFrom(...URGENCY),
      title: fc.string({ unit: "binary", minLength: 1, maxLength: 400 }),
      minute: fc.integer({ min: 0, max: 59 }),
      isResolved: fc.boolean(),
    }),
    { maxLength: 12 },
  );
  const incidentsOf = (rows: readonly { minute: number }[]): IncidentFact[] =>
    rows.map(({ minute, ...rest }, id) =>
      incident(id, { ...rest, firstSeen: at(`10:${String(minute).padStart(2, "0")}`) }),
    );

  it("has at most five single lines in falling urgency, the same for the same facts", () => {
    fc.assert(
      fc.property(any, (rows) => {
        const facts = { ...quiet, incidents: incidentsOf(rows) };
        const bullets = digestBullets(facts);
        expect(bullets.length).toBeLessThanOrEqual(MOST_BULLETS);
        const ranks = bullets.map(({ severity }) => URGENCY.indexOf(severity));
        expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
        for (const { text } of bullets) expect(text).not.toMatch(/[\n\r<>{}`*]/);
        expect(digestBullets(facts)).toEqual(bullets);
      }),
    );
  });
});
