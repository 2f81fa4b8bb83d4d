import { expect, it } from "vitest";
import { planSimulation } from "#cli/time-machine/simulation-plan.ts";
import { occurrencesBetween, schedule } from "#schedule/index.ts";

const daily = { id: "daily", schedule: schedule("0 30 16 * * *", "Europe/Berlin") };
const minutely = { id: "minutely", schedule: schedule("0 * * * * *", "UTC") };
const year = { from: new Date("2026-01-01T00:00:00Z"), to: new Date("2027-01-01T00:00:00Z") };
const iso = (span: { from: Date; to: Date }) => `${span.from.toISOString()}/${span.to.toISOString()}`;

it("a job with few slots is simulated in the whole span, a job with many slots in windows", () => {
  const plan = planSimulation([daily, minutely], year, { outages: [], limit: 1_000 });
  expect(Object.fromEntries(plan.slots)).toEqual({ daily: 365, minutely: 525_600 });
  expect([...plan.sampled]).toEqual(["minutely"]);
  const [whole, ...windows] = plan.parts;
  expect(whole).toMatchObject({ ...year, jobs: ["daily"] });
  expect(windows.every(({ jobs }) => jobs.join() === "minutely")).toBe(true);
  // Twelve months and both clock changes of Berlin, which apply to a job in UTC too.
  expect(windows).toHaveLength(14);
  expect(windows.map(iso)).toContain("2026-03-28T13:00:00.000Z/2026-03-29T13:00:00.000Z");
  expect(windows.map(iso)).toContain("2026-10-24T13:00:00.000Z/2026-10-25T13:00:00.000Z");
});

it("windows do not overlap, so that no slot counts twice, and are within the span", () => {
  const outages = [{ from: new Date("2026-03-28T22:00:00Z"), to: new Date("2026-04-01T00:30:00Z") }];
  const { parts } = planSimulation([daily, minutely], year, { outages, limit: 1_000 });
  const windows = parts.slice(1);
  const slots = windows.flatMap(({ from, to }) => [...occurrencesBetween(minutely.schedule, from, to)].map(Number));
  expect(new Set(slots).size).toBe(slots.length);
  expect(windows.every(({ from, to }) => from >= year.from && to <= year.to)).toBe(true);
  expect(windows.map(iso)).toContain("2026-03-28T13:00:00.000Z/2026-04-01T01:30:00.000Z");
});

it("a high limit results in one part", () => {
  const plan = planSimulation([daily, minutely], year, { outages: [], limit: 525_600 });
  expect(plan.parts).toEqual([{ ...year, jobs: ["daily", "minutely"] }]);
  expect(plan.sampled.size).toBe(0);
});
