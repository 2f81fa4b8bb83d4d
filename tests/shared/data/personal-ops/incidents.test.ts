import { sql } from "drizzle-orm";
import { beforeEach, expect, it } from "vitest";
import { type IncidentCause, raiseIncident, resolveUnseenIncidents } from "#data/personal-ops/incidents.ts";
import { incidents } from "#data/personal-ops/personal-ops-schema.ts";
import { openDatabase } from "#support/database.ts";

const { db } = await openDatabase();
const cause: IncidentCause = { type: "workflow_failures", key: "w1", severity: "WARN", title: "Workflow w1 fails" };
const START = new Date("2026-03-08T07:50:00Z");
const minutes = (n: number) => new Date(START.getTime() + n * 60_000);

beforeEach(() => db.delete(incidents));

const raise = (now: Date, change: Partial<IncidentCause> = {}) =>
  db.transaction((tx) => raiseIncident(tx, { ...cause, ...change }, now));

const resolve = (before: Date, now: Date) => resolveUnseenIncidents(db, { before, by: "periodic_scan", now });

it("a cause that is seen again counts on the incident that is not resolved", async () => {
  const first = await raise(START);
  const second = await raise(minutes(90), { occurrences: 3 });
  expect(first.isNew).toBe(true);
  expect(second).toEqual({ id: first.id, isNew: false });
  expect(await db.select().from(incidents)).toMatchObject([
    { occurrences: 4, firstSeen: START, lastSeen: minutes(90), status: "open" },
  ]);
});

it("twenty transactions that see one cause at once begin one incident", async () => {
  const raised = await Promise.all(Array.from({ length: 20 }, () => raise(START)));
  expect(raised.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(await db.select().from(incidents)).toMatchObject([{ occurrences: 20 }]);
});

it("another key begins another incident", async () => {
  await raise(START);
  expect((await raise(START, { key: "w2" })).isNew).toBe(true);
});

it("the severity rises with a worse cause and does not fall with a milder one", async () => {
  await raise(START);
  await raise(minutes(1), { severity: "SEV1" });
  await raise(minutes(2), { severity: "INFO" });
  expect(await db.select().from(incidents)).toMatchObject([{ severity: "SEV1" }]);
});

it("an incident is resolved when its cause was not seen, and one that returns within the hour opens it again", async () => {
  const { id } = await raise(START);
  expect(await resolve(START, minutes(1))).toBe(0);
  expect(await resolve(minutes(20), minutes(20))).toBe(1);
  expect(await db.select().from(incidents)).toMatchObject([
    { status: "resolved", resolvedAt: minutes(20), resolvedBy: "periodic_scan" },
  ]);
  // The clock's hour is another one, but less than an hour has passed.
  expect(await raise(minutes(40))).toEqual({ id, isNew: false });
  expect(await db.select().from(incidents)).toMatchObject([{ status: "open", occurrences: 2, resolvedAt: null }]);
});

it("a cause that returns more than an hour after the incident began is a new incident", async () => {
  const { id } = await raise(START);
  await resolve(minutes(30), minutes(30));
  const again = await raise(minutes(61));
  expect(again.isNew).toBe(true);
  expect(again.id).not.toBe(id);
});

it("a clock that was set back begins no second incident in an hour that has one", async () => {
  await raise(START);
  await resolve(minutes(80), minutes(80));
  await raise(minutes(90));
  await resolve(minutes(100), minutes(100));
  expect(await raise(minutes(5))).toMatchObject({ isNew: false });
  expect(await db.select().from(incidents)).toHaveLength(2);
});

it("the database refuses a second unresolved incident and a second one of the same hour", async () => {
  await raise(START);
  const add = (firstSeen: Date, status: string) =>
    db.execute(sql`
      insert into personal_ops.incidents (type, key, severity, title, status, first_seen, last_seen, resolved_at, resolved_by)
      select 'workflow_failures', 'w1', 'WARN', 'again', ${status}, at, at, case when ${status} = 'resolved' then at end,
             case when ${status} = 'resolved' then 'a person' end
        from (values (${firstSeen.toISOString()}::timestamptz)) as t (at)`);
  await expect(add(minutes(120), "open")).rejects.toMatchObject({
    cause: { constraint_name: "incidents_one_unresolved" },
  });
  await expect(add(minutes(5), "resolved")).rejects.toMatchObject({
    cause: { constraint_name: "incidents_one_an_hour" },
  });
});
