import { sql } from "drizzle-orm";
import { afterEach, describe, expect, it } from "vitest";
import { raiseIncident } from "#data/personal-ops/incidents.ts";
import { notifications } from "#data/platform/notification-schema.ts";
import { morningCall } from "#functions/personal-ops/morning-call.ts";
import { openDatabase } from "#support/database.ts";
import { allow, emptyPerson, NUMBER, personProcess, request, startMessengers, tick, untilOver } from "./person.ts";

/** 06:00 in Chicago. */
const MORNING = "2026-12-01T12:00:00Z";

const { url, db } = await openDatabase({ poolMax: 8 });
const messengers = startMessengers();
afterEach(() => emptyPerson(db));

const processAt = (at = MORNING, env: Record<string, string> = messengers().env) => personProcess(url, db, at, env);
const calls = () => messengers().twilio.sent.filter(({ kind }) => kind === "call");
const texts = () => messengers().telegram.sent.map(({ text }) => text);

it("calls the person at six and reads the night out once, without markup of a stored text", async () => {
  await allow(db, "voice", "chatbot");
  const title = "</Say><Dial>+15005550006</Dial><Say> Invoice & 3 more";
  await db.transaction((tx) =>
    raiseIncident(tx, { type: "t", key: "k", severity: "SEV0", title }, new Date("2026-12-01T10:05:00Z")),
  );
  const run = await tick(processAt(), morningCall);
  expect(run).toMatchObject({ state: "succeeded", result: { call: "placed", day: "2026-12-01" } });
  const { to, content } = calls()[0]!;
  expect(to).toBe(NUMBER);
  expect(content).toMatch(/^<Response><Say>Good morning\. It is Tuesday, December first\. [^<>]*<\/Say><\/Response>$/);
  expect(content).toContain("redacted Invoice and three more, since four oh five a.m.");
  expect(texts()).toEqual([]);
});

describe("places one call a local day", () => {
  it("for ticks and requests of four processes at once", async () => {
    await allow(db, "voice");
    const processes = [1, 2, 3, 4].map(() => processAt());
    const at = new Date(MORNING);
    await Promise.all(
      processes.flatMap((process) => [
        process.runner.runSlot(morningCall, at).catch(() => null),
        request(process, morningCall).catch(() => null),
      ]),
    );
    expect(calls()).toHaveLength(1);
  });

  it("in the weeks in which the clocks change, and after a clock that goes back by an hour", async () => {
    await allow(db, "voice");
    for (const slot of [
      "2026-03-07T12:00:00Z",
      "2026-03-08T11:00:00Z",
      "2026-10-31T11:00:00Z",
      "2026-11-01T12:00:00Z",
    ]) {
      const process = processAt(slot);
      expect(await tick(process, morningCall)).toMatchObject({ result: { call: "placed" } });
      process.clock.advance(-3_600_000);
      expect((await request(process, morningCall)).result).toMatchObject({ call: "had one today" });
    }
    expect(calls()).toHaveLength(4);
  });
});

describe("when no call can be placed", () => {
  it("tries once more after two minutes, then sends the report as a chat message", async () => {
    await allow(db, "voice", "chatbot");
    messengers().twilio.fail({ kind: "503" });
    const process = processAt();
    const first = (await process.runner.runSlot(morningCall, process.clock.now()))!;
    expect(first).toMatchObject({ state: "retrying", notBefore: new Date("2026-12-01T12:02:00Z") });
    const run = await untilOver(process, first);
    expect(run).toMatchObject({ state: "succeeded", attempt: 2, result: { call: "not placed", text: "pending" } });
    expect(calls()).toEqual([]);
    expect(texts()).toEqual([expect.stringMatching(/^Morning report, 2026-12-01\n\nNo call could be placed: .*503/)]);
    expect(messengers().telegram.sent[0]!.isSilent).toBe(false);
  });

  it.each(["truncated", "hang"] as const)(
    "does not call again after a call whose answer was lost: %s",
    async (kind) => {
      await allow(db, "voice", "chatbot");
      messengers().twilio.fail({ kind });
      const process = processAt(MORNING, { ...messengers().env, OUTBOUND_TIMEOUT: "1s" });
      const run = await tick(process, morningCall);
      expect(run).toMatchObject({ state: "succeeded", attempt: 1, result: { call: "not placed" } });
      expect(run.result!.reason).toContain("may have arrived");
      messengers().twilio.recover();
      expect((await request(process, morningCall)).result).toMatchObject({ call: "not placed", text: "had one today" });
      expect(calls()).toHaveLength(1);
      expect(texts()).toHaveLength(1);
    },
  );

  it("alerts after the third day in a row", async () => {
    await allow(db, "voice", "chatbot");
    messengers().twilio.fail({ kind: "refused" });
    const alerts = async () =>
      (await db.select().from(notifications)).filter(({ type }) => type === "personal_ops.alert").length;
    for (const [day, expected] of [
      ["01", 0],
      ["02", 0],
      ["03", 1],
    ] as const) {
      await tick(processAt(`2026-12-${day}T12:00:00Z`), morningCall);
      expect(await alerts(), day).toBe(expected);
    }
  });

  it("ends as dead when the chat message is not allowed either", async () => {
    await allow(db, "voice");
    messengers().twilio.fail({ kind: "refused" });
    expect(await tick(processAt(), morningCall)).toMatchObject({ state: "dead", attempt: 1 });
  });
});

it("never calls a person who is not on the allow-list for calls: it audits that, and writes", async () => {
  await allow(db, "chatbot", "sms");
  const run = await tick(processAt(), morningCall);
  expect(run).toMatchObject({ state: "succeeded", result: { call: "not placed", reason: "not on the allow-list" } });
  expect(messengers().twilio.requests.filter((request) => request.includes("Calls"))).toEqual([]);
  expect(texts()).toHaveLength(1);
  const audited = await db.execute(sql`select reason from platform.audit_log where action = 'notification suppressed'`);
  expect([...audited]).toEqual([{ reason: "not on the allow-list for voice" }]);
});

it("writes where no voice channel is configured, and does nothing without any channel", async () => {
  await allow(db, "voice", "chatbot");
  const { TELEGRAM_BASE_URL, TELEGRAM_BOT_TOKEN } = messengers().env;
  const onlyChat = { TELEGRAM_BASE_URL: TELEGRAM_BASE_URL!, TELEGRAM_BOT_TOKEN: TELEGRAM_BOT_TOKEN! };
  const run = await tick(processAt(MORNING, onlyChat), morningCall);
  expect(run.result).toMatchObject({ call: "not placed", reason: "channel not configured" });
  expect(texts()).toHaveLength(1);
  const none = await tick(processAt("2026-12-02T12:00:00Z", {}), morningCall);
  expect(none.result).toEqual({ call: "not placed", reason: expect.stringContaining("neither voice") as string });
});

it("is skipped in quiet hours that last longer than six, and called when they end at six", async () => {
  await allow(db, "voice");
  const quiet = (to: string) =>
    db.execute(
      sql`update platform.controls set quiet_from = '22:00', quiet_to = ${to}, quiet_zone = 'America/Chicago'`,
    );
  await quiet("07:00");
  expect(await tick(processAt(), morningCall)).toMatchObject({ state: "skipped", reasonCode: "quiet-hours" });
  await quiet("06:00");
  await tick(processAt("2026-12-02T12:00:00Z"), morningCall);
  expect(calls()).toHaveLength(1);
});
