import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { defineJob, writes } from "#jobs";
import { schedule } from "#schedule/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { type AdminApi, startAdminApi } from "./admin-api.ts";

const noon = new Date("2026-03-10T12:00:00Z");
const job = defineJob({
  id: "hourly_sample",
  family: { id: "samples", title: "Samples" },
  summary: "A sample that writes",
  on: schedule("0 0 * * * *", "UTC"),
  input: z.strictObject({}),
  gates: [writes],
  run: async () => undefined,
});

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  api = startAdminApi(database.url, [job]);
  await emptyTables(api.db, ["platform.job_runs"]);
  await api.db
    .execute(sql`truncate platform.audit_log restart identity; delete from platform.controls where scope <> 'global';
    update platform.controls set kill_switch = false, jobs_enabled = true, write_enabled = true, comms_enabled = true,
      quiet_from = null, quiet_to = null, quiet_zone = null`);
});
afterEach(() => api.close());

interface Audit {
  entries: {
    id: number;
    who: string;
    action: string;
    subject: string;
    reason: string;
    before: object;
    after: object;
  }[];
  nextCursor: number | null;
}
interface Steering {
  global: Record<string, unknown>;
  families: Record<string, unknown>[];
}
const patch = (body: object) => api.call<Steering>("PATCH", "api/admin/controls", body);
const audit = async (query = "") => (await api.call<Audit>("GET", `api/admin/audit${query}`)).body;

describe("the controls", () => {
  it("let every job run by default", async () => {
    const { body } = await api.call<Steering>("GET", "api/admin/controls");
    const open = { killSwitch: false, jobsEnabled: true, writeEnabled: true, commsEnabled: true, quietHours: null };
    expect(body.global).toMatchObject({ scope: "all", ...open });
    expect(body.families).toMatchObject([{ family: "samples", scope: "family:samples", ...open, changedBy: null }]);
  });

  it("stop the next slot, and the audit has who, why, before and after", async () => {
    const { status, body } = await patch({ killSwitch: true, reason: "the bank called" });
    expect(status).toBe(200);
    expect(body.global).toMatchObject({ killSwitch: true, changedBy: "function key" });
    expect(await api.runner.runSlot(job, noon)).toMatchObject({ state: "skipped", reasonCode: "kill-switch" });
    const { entries } = await audit();
    expect(entries.map(({ action, subject }) => ({ action, subject }))).toEqual([
      { action: "run blocked", subject: "job:hourly_sample" },
      { action: "controls changed", subject: "all" },
    ]);
    expect(entries[1]).toMatchObject({
      who: "function key",
      reason: "the bank called",
      before: { killSwitch: false, jobsEnabled: true },
      after: { killSwitch: true, jobsEnabled: true },
    });
  });

  it.each(["family:samples", "samples"])("of a family, written as %s, stop only that family", async (scope) => {
    await patch({ scope, writeEnabled: false, reason: "migration under way" });
    expect(await api.runner.runSlot(job, noon)).toMatchObject({
      state: "skipped",
      reasonCode: "write-disabled",
      reason: "writing is switched off (family:samples)",
    });
    expect((await audit("?subject=family:samples")).entries).toHaveLength(1);
    expect((await audit("?subject=samples")).entries).toHaveLength(1);
  });

  it.each(["all", "global", undefined])("of everything can be written as %s", async (scope) => {
    const { body } = await patch({ scope, jobsEnabled: false, reason: "an old client" });
    expect(body.global).toMatchObject({ scope: "all", jobsEnabled: false });
    expect((await audit()).entries).toMatchObject([{ subject: "all" }]);
  });

  it("name the scope of a closed gate, and always the same one of two", async () => {
    await patch({ scope: "family:samples", killSwitch: true, reason: "first" });
    await patch({ killSwitch: true, reason: "second" });
    expect(await api.runner.runSlot(job, noon)).toMatchObject({ reason: "Kill switch is active (all)" });
    const { body } = await api.call<{ refusals: object[] }>("GET", "api/admin/jobs/hourly_sample");
    expect(body.refusals).toEqual([
      { code: "kill-switch", reason: "Kill switch is active (all)" },
      { code: "kill-switch", reason: "Kill switch is active (family:samples)" },
    ]);
  });

  it("set quiet hours across midnight in a zone, and remove them", async () => {
    const hours = { from: "22:00", to: "07:00", zone: "America/Chicago" };
    const set = await patch({ quietHours: hours, reason: "nights are quiet" });
    expect(set.body.global.quietHours).toEqual(hours);
    const cleared = await patch({ quietHours: null, reason: "nights are loud" });
    expect(cleared.body.global.quietHours).toBeNull();
  });

  it.each([
    [{ killSwitch: true }, "reason"],
    [{ killSwitch: true, reason: "  " }, "reason"],
    [{ reason: "no control given" }, "body"],
    [{ reason: "what is that", killSwich: true }, "killSwich"],
    [{ reason: "no such family", scope: "sample", killSwitch: true }, "scope"],
    [{ reason: "a job has no switches", scope: "job:hourly_sample", killSwitch: true }, "scope"],
    [{ reason: "no such zone", quietHours: { from: "22:00", to: "07:00", zone: "Europe/Berln" } }, "quietHours.zone"],
    [{ reason: "no such time", quietHours: { from: "24:00", to: "7:00", zone: "UTC" } }, "quietHours.from"],
    [{ reason: "all or nothing", quietHours: { from: "07:00", to: "07:00", zone: "UTC" } }, "quietHours.to"],
  ])("refuse %j with the field %s, and change nothing", async (body, field) => {
    const { status, body: problem } = await api.call<{ errors: { field: string }[] }>(
      "PATCH",
      "api/admin/controls",
      body,
    );
    expect(status).toBe(400);
    expect(problem.errors.map((error) => error.field)).toContain(field);
    expect((await audit()).entries).toEqual([]);
  });

  it("that are set to their current values leave no audit entry", async () => {
    await patch({ killSwitch: false, reason: "to be sure" });
    expect((await audit()).entries).toEqual([]);
  });

  it("changed by concurrent requests have one audit entry each, with the state before it", async () => {
    const turns = Array.from({ length: 8 }, (_, i) => patch({ killSwitch: i % 2 === 0, reason: `turn ${i}` }));
    await Promise.all(turns);
    const { entries } = await audit();
    const states = entries
      .reverse()
      .map(({ before, after }) => [
        (before as { killSwitch: boolean }).killSwitch,
        (after as { killSwitch: boolean }).killSwitch,
      ]);
    for (const [place, [before, after]] of states.entries()) {
      expect(after).toBe(!before);
      if (place > 0) expect(before).toBe(states[place - 1]![1]);
    }
  });
});

describe("the audit", () => {
  it("is paged, newest first, and can be filtered", async () => {
    for (let i = 0; i < 5; i++) await patch({ killSwitch: i % 2 === 0, reason: `turn ${i}` });
    const first = await audit("?limit=2");
    const second = await audit(`?limit=2&cursor=${first.nextCursor}`);
    const third = await audit(`?limit=2&cursor=${second.nextCursor}`);
    const reasons = [first, second, third].flatMap(({ entries }) => entries.map(({ reason }) => reason));
    expect(reasons).toEqual(["turn 4", "turn 3", "turn 2", "turn 1", "turn 0"]);
    expect(third.nextCursor).toBeNull();
    expect((await audit("?action=paused")).entries).toEqual([]);
    expect((await audit("?since=2026-03-10T12:00:01Z")).entries).toEqual([]);
  });

  it("shows the entries of an earlier version for `global` as those for `all`, and finds them", async () => {
    await patch({ killSwitch: true, reason: "now" });
    await api.db.execute(sql`
      insert into platform.audit_log (at, who, action, subject, reason)
      values (now(), 'ada', 'controls changed', 'global', 'before')`);
    for (const subject of ["all", "global"]) {
      const { entries } = await audit(`?subject=${subject}`);
      expect(entries.map(({ subject, reason }) => [subject, reason])).toEqual([
        ["all", "before"],
        ["all", "now"],
      ]);
    }
  });
});
