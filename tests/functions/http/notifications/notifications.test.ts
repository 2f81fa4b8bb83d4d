import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { jobRuns } from "#data/platform/platform-schema.ts";
import { sendNotification } from "#functions/platform/send-notification.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  const env = {
    AZURE_FUNCTIONS_ENVIRONMENT: "Production",
    TWILIO_ACCOUNT_SID: "AC0123",
    TWILIO_AUTH_TOKEN: "a-token",
    TWILIO_FROM: "+15005550006",
  };
  api = startAdminApi(database.url, [sendNotification], { env });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});
afterEach(() =>
  emptyTables(api.db, [
    "platform.notifications",
    "platform.notification_deliveries",
    "platform.job_runs",
    "platform.audit_log",
    "platform.communication_allowlist",
    "platform.idempotency_keys",
  ]),
);

interface Shown extends Record<string, unknown> {
  readonly id: string;
}
interface Page {
  readonly notifications: Shown[];
  readonly nextCursor: string | null;
}
const newNotification = { recipient: "user:1", type: "note", severity: "INFO", title: "Hello", body: "There is news." };
const post = (given: Record<string, unknown> = {}, headers = {}) =>
  api.call<Shown>("POST", "api/notifications", { ...newNotification, ...given }, headers);

describe("POST api/notifications", () => {
  it("creates an in-app notice, and shows its outcome", async () => {
    const { status, body, headers } = await post({ data: { task: 7 } });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      ...newNotification,
      data: { task: 7 },
      state: "sent",
      channels: ["web"],
      readAt: null,
    });
    const { body: one } = await api.call<Shown>("GET", headers.location!);
    expect(one).toMatchObject({ id: body.id, deliveries: [{ channel: "web", attempt: 0, state: "sent" }] });
  });

  it("enqueues and dispatches the run of an outside channel", async () => {
    await api.db.execute(
      sql`insert into platform.communication_allowlist values ('user:1', 'sms', '+15005550009', 'a test', now())`,
    );
    api.dispatched.length = 0;
    const { body } = await post({ severity: "SEV1" });
    expect(body).toMatchObject({ state: "pending", channels: ["web", "sms"] });
    expect(await api.db.select().from(jobRuns)).toMatchObject([
      { jobId: "send_notification", state: "queued", input: { notification: body.id } },
    ]);
    expect(api.dispatched).toHaveLength(1);
  });

  it("suppresses a recipient who is not on the allow-list, with an audit row", async () => {
    const { body } = await post({ severity: "SEV0", channels: ["voice"] });
    expect(body).toMatchObject({ state: "suppressed", reason: "not on the allow-list" });
    const rows = await api.db.execute(sql`select subject, reason from platform.audit_log`);
    expect([...rows]).toEqual([{ subject: `notification:${body.id}`, reason: "not on the allow-list for voice" }]);
  });

  it("returns the existing notification for a repeat", async () => {
    const first = await post({ dedupeKey: "note 7" });
    const second = await post({ dedupeKey: "note 7", title: "Hello again" });
    expect([second.status, second.body.id, second.body.title]).toEqual([200, first.body.id, "Hello"]);

    const once = await post({}, { "idempotency-key": "request-1" });
    const twice = await post({}, { "idempotency-key": "request-1" });
    expect([once.status, twice.status, twice.body.id]).toEqual([201, 200, once.body.id]);
    expect((await post({ title: "Other" }, { "idempotency-key": "request-1" })).status).toBe(422);
  });

  it.each([
    [{ recipient: "" }, "recipient"],
    [{ severity: "FATAL" }, "severity"],
    [{ channels: ["fax"] }, "channels"],
    [{ channels: ["web", "web"] }, "channels"],
    [{ type: "Not A Type" }, "type"],
    [{ state: "sent" }, "state"],
  ])("names the faults of %j", async (given, field) => {
    const { status, body } = await post(given);
    expect(status).toBe(400);
    expect(JSON.stringify(body.errors)).toContain(field);
  });
});

describe("GET api/notifications", () => {
  it("is paged, newest first, without repeats and gaps", async () => {
    for (let n = 1; n <= 5; n++) await post({ title: `Note ${n}` });
    const seen: unknown[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = (await api.call<Page>("GET", `api/notifications?limit=2${cursor ? `&cursor=${cursor}` : ""}`))
        .body;
      seen.push(...page.notifications.map(({ title }) => title));
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toEqual(["Note 5", "Note 4", "Note 3", "Note 2", "Note 1"]);
  });

  it("filters by recipient, severity, state and unread", async () => {
    const one = await post();
    await post({ recipient: "user:2", severity: "WARN" });
    const titles = async (query: string) =>
      (await api.call<Page>("GET", `api/notifications?${query}`)).body.notifications.map(({ recipient }) => recipient);
    expect(await titles("recipient=user:1")).toEqual(["user:1"]);
    expect(await titles("severity=WARN&state=sent")).toEqual(["user:2"]);

    const read = { recipient: "user:1", ids: [one.body.id] };
    expect((await api.call("POST", "api/notifications/read", read)).body).toEqual({ marked: 1 });
    expect((await api.call("POST", "api/notifications/read", read)).body).toEqual({ marked: 0 });
    expect(await titles("unread=true")).toEqual(["user:2"]);
    expect(await titles("unread=false")).toEqual(["user:1"]);
  });

  it("a notification of another recipient is not marked", async () => {
    const { body } = await post();
    const stranger = { recipient: "user:2", ids: [body.id] };
    expect((await api.call("POST", "api/notifications/read", stranger)).body).toEqual({ marked: 0 });
  });

  it("is 404 for an unknown id", async () => {
    expect((await api.call("GET", "api/notifications/01a202e7-464d-74ad-8c21-742e9826594a")).status).toBe(404);
  });
});
