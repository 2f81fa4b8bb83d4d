import { sql } from "drizzle-orm";
import { afterEach, describe, expect, it } from "vitest";
import { raiseIncident } from "#data/personal-ops/incidents.ts";
import { notifications } from "#data/platform/notification-schema.ts";
import { personalOps } from "#functions/families.ts";
import { dailyDigest } from "#functions/personal-ops/daily-digest.ts";
import type { NewNotification } from "#notifications/notification.ts";
import { notify } from "#notifications/notify.ts";
import { openDatabase } from "#support/database.ts";
import type { TestProcess } from "#support/test-process.ts";
import {
  allow,
  emptyPerson,
  NUMBER,
  PERSON,
  personProcess,
  request,
  startMessengers,
  tick,
  untilOver,
} from "./person.ts";

/** 08:00 in Chicago. */
const MORNING = "2026-12-01T14:00:00Z";

const { url, db } = await openDatabase({ poolMax: 8 });
const messengers = startMessengers();
afterEach(() => emptyPerson(db));

const processAt = (at = MORNING, env: Record<string, string> = messengers().env) => personProcess(url, db, at, env);
const texts = () => messengers().telegram.sent.map(({ text }) => text);
const rows = () => db.select().from(notifications).orderBy(notifications.id);

/** Creates notifications in the name of the family. */
async function write(process: TestProcess, ...asked: Partial<NewNotification>[]): Promise<string[]> {
  const runs: string[] = [];
  const { clock } = process;
  const { settings } = process.dependencies;
  const context = {
    settings,
    clock,
    run: { family: personalOps.id },
    publish: process.observer.publish,
    async enqueueAll(tx: Parameters<typeof notify>[1], job: string, inputs: readonly unknown[]) {
      const found = (await process.dependencies.findJob(job))!;
      const asks = inputs.map((input) => ({ input, trigger: "event" as const, requestedBy: "a test" }));
      runs.push(...(await process.enqueuer.enqueueMany(tx, found, asks)).map(({ id }) => id));
    },
  };
  await db.transaction((tx) =>
    notify(
      context,
      tx,
      asked.map((given) => ({
        recipient: PERSON,
        type: "note",
        severity: "INFO",
        title: "a note",
        body: "",
        ...given,
      })),
    ),
  );
  return runs;
}

it("sends five bullets and the deferred notifications at eight, and marks those", async () => {
  await allow(db, "chatbot");
  const now = new Date("2026-12-01T10:05:00Z");
  await db.transaction((tx) =>
    raiseIncident(
      tx,
      { type: "t", key: "k", severity: "SEV1", title: "Notion <b>is</b> down, call 500-555-0006" },
      now,
    ),
  );
  await write(processAt("2026-12-01T08:00:00Z"), { title: "a quiet warning", severity: "WARN" });
  const run = await tick(processAt(), dailyDigest);
  expect(run).toMatchObject({ state: "succeeded", result: { digest: "sent", bullets: 1, deferred: 1 } });
  expect(texts()).toEqual([
    "Daily digest, 2026-12-01\n\n• SEV1: Notion is down, call [redacted] (open since 04:05)\n\n" +
      "Deferred notifications:\n- WARN: a quiet warning",
  ]);
  expect(messengers().telegram.sent[0]!.isSilent).toBe(true);
  const [warning, digest] = await rows();
  expect(warning!.digestedAt).not.toBeNull();
  expect(digest).toMatchObject({ state: "sent", channels: ["web", "chatbot"] });
});

describe("sends one digest a local day", () => {
  it("for the slot, a second tick of it, and requested runs before and after", async () => {
    await allow(db, "chatbot");
    const process = processAt();
    await tick(process, dailyDigest);
    await process.runner.runSlot(dailyDigest, process.clock.now());
    expect((await request(process, dailyDigest)).result).toMatchObject({ digest: "had one today" });
    expect(texts()).toHaveLength(1);
    await request(processAt("2026-12-02T07:00:00Z"), dailyDigest);
    await tick(processAt("2026-12-02T14:00:00Z"), dailyDigest);
    expect(texts().map((text) => text.slice(0, 24))).toEqual(["Daily digest, 2026-12-01", "Daily digest, 2026-12-02"]);
  });

  it("with ticks and requests of four processes at once", async () => {
    await allow(db, "chatbot");
    const processes = [1, 2, 3, 4].map(() => processAt());
    const at = new Date(MORNING);
    await Promise.all(
      processes.flatMap((process) => [
        process.runner.runSlot(dailyDigest, at).catch(() => null),
        request(process, dailyDigest).catch(() => null),
      ]),
    );
    expect(texts()).toHaveLength(1);
  });

  it("in the weeks in which the clocks change, and after a clock that goes back by an hour", async () => {
    await allow(db, "chatbot");
    for (const slot of [
      "2026-03-07T14:00:00Z",
      "2026-03-08T13:00:00Z",
      "2026-10-31T13:00:00Z",
      "2026-11-01T14:00:00Z",
    ]) {
      const process = processAt(slot);
      await tick(process, dailyDigest);
      process.clock.advance(-3_600_000);
      await request(process, dailyDigest);
    }
    expect(texts().map((text) => text.slice(14, 24))).toEqual(["2026-03-07", "2026-03-08", "2026-10-31", "2026-11-01"]);
  });
});

describe("when the provider fails", () => {
  it("tries once more after five minutes, then ends as dead with its reason", async () => {
    await allow(db, "chatbot");
    messengers().telegram.fail({ kind: "503" });
    const process = processAt();
    const first = (await process.runner.runSlot(dailyDigest, process.clock.now()))!;
    expect(first).toMatchObject({ state: "retrying", notBefore: new Date("2026-12-01T14:05:00Z") });
    expect(await untilOver(process, first)).toMatchObject({ state: "dead", attempt: 2 });
    expect((await rows())[0]).toMatchObject({ state: "failed", reason: expect.stringContaining("503") as string });
    messengers().telegram.recover();
    // The operator starts it again: nothing had arrived.
    expect((await request(process, dailyDigest)).result).toMatchObject({ digest: "sent" });
    expect(texts()).toHaveLength(1);
  });

  it("sends in the second attempt what the first could not", async () => {
    await allow(db, "chatbot");
    messengers().telegram.fail({ kind: "503", times: 1 });
    expect(await tick(processAt(), dailyDigest)).toMatchObject({ state: "succeeded", attempt: 2 });
    expect(texts()).toHaveLength(1);
  });

  it.each(["truncated", "hang"] as const)("does not repeat a message whose answer was lost: %s", async (kind) => {
    await allow(db, "chatbot");
    messengers().telegram.fail({ kind });
    const process = processAt(MORNING, { ...messengers().env, OUTBOUND_TIMEOUT: "1s" });
    expect(await tick(process, dailyDigest)).toMatchObject({ state: "dead", attempt: 1 });
    messengers().telegram.recover();
    // A request of the operator does not repeat it either.
    expect((await request(process, dailyDigest)).state).toBe("dead");
    expect(texts()).toHaveLength(1);
  });
});

it("suppresses and audits the digest of a person who is not on the allow-list, without an error", async () => {
  const run = await tick(processAt(), dailyDigest);
  expect(run).toMatchObject({ state: "succeeded", result: { digest: "in the app" } });
  expect(texts()).toEqual([]);
  const audited = await db.execute(sql`select reason from platform.audit_log where action = 'notification suppressed'`);
  expect([...audited]).toEqual([{ reason: "not on the allow-list for chatbot" }]);
});

it("is skipped while messages to people are switched off", async () => {
  await allow(db, "chatbot");
  await db.execute(sql`update platform.controls set comms_enabled = false`);
  expect(await tick(processAt(), dailyDigest)).toMatchObject({ state: "skipped", reasonCode: "comms-disabled" });
  expect(texts()).toEqual([]);
});

it("routes SEV0 to a call and SEV1 to a text message in quiet hours, and all else to the digest", async () => {
  await allow(db, "chatbot", "voice", "sms");
  await db.execute(
    sql`update platform.controls set quiet_from = '22:00', quiet_to = '06:00', quiet_zone = 'America/Chicago'`,
  );
  const night = processAt("2026-12-01T08:00:00Z");
  const severities = ["SEV0", "SEV1", "WARN", "INFO"] as const;
  const runs = await write(night, ...severities.map((severity) => ({ severity, title: `at night ${severity}` })), {
    severity: "WARN",
    title: "by chat",
    channels: ["chatbot"],
  });
  for (const id of runs) await night.runner.execute(id);
  expect(
    messengers()
      .twilio.sent.map(({ kind, to }) => `${kind} ${to}`)
      .toSorted(),
  ).toEqual([`call ${NUMBER}`, `sms ${NUMBER}`]);
  expect(texts()).toEqual([]);
  await tick(processAt(), dailyDigest);
  expect(texts()[0]).toMatch(/WARN: by chat\n- at night INFO\n- WARN: at night WARN$/);
});
