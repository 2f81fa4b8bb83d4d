import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { sendNotification } from "#functions/platform/send-notification.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

const OPERATOR = "operator-key-0123456789-0123456789-01";
const VIEWER = "viewer-key-0123456789-0123456789-0123";

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  const env = {
    AZURE_FUNCTIONS_ENVIRONMENT: "Production",
    ROTA_OPERATOR_KEY: OPERATOR,
    ROTA_VIEWER_KEY: VIEWER,
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
    "platform.communication_allowlist",
    "platform.notifications",
    "platform.notification_deliveries",
    "platform.job_runs",
    "platform.audit_log",
  ]),
);

interface List {
  entries: { recipient: string; channel: string; address: string }[];
  nextCursor: string | null;
}
interface Problem {
  errors: { field: string; reason: string }[];
}
const PATH = "api/notifications/allow-list";
const call = <T = Record<string, unknown>>(method: string, path: string, body?: unknown, key = OPERATOR) =>
  api.call<T>(method, path, body, { "x-functions-key": key });
const ann = { recipient: "user:1", channel: "sms", address: "+15005550009" };
const add = (given = {}) => call("POST", PATH, { ...ann, ...given });
const audit = async () =>
  (await call<{ entries: Record<string, unknown>[] }>("GET", "api/admin/audit?subject=allow-list:user:1")).body.entries;

describe("the allow-list", () => {
  it("allows an address, and removes it", async () => {
    const tell = () =>
      call("POST", "api/notifications", {
        recipient: "user:1",
        type: "note",
        severity: "SEV1",
        title: "Hello",
        body: "",
        channels: ["sms"],
      });
    expect((await tell()).body).toMatchObject({ state: "suppressed", reason: "not on the allow-list" });
    expect((await add()).status).toBe(201);
    expect((await tell()).body).toMatchObject({ state: "pending" });
    expect((await call("DELETE", `${PATH}?recipient=user:1&channel=sms`)).status).toBe(204);
    expect((await tell()).body).toMatchObject({ state: "suppressed" });
    expect((await call("DELETE", `${PATH}?recipient=user:1&channel=sms`)).status).toBe(404);
  });

  it("is audited without full addresses, which the audit outlives", async () => {
    await add();
    expect(await add({ address: "+15005550010" })).toMatchObject({ status: 200, body: { address: "+15005550010" } });
    await call("DELETE", `${PATH}?recipient=user:1&channel=sms`);
    const [first, second] = [
      { channel: "sms", address: "…009" },
      { channel: "sms", address: "…010" },
    ];
    expect(await audit()).toMatchObject([
      { who: "operator key", action: "address removed", before: second, after: null },
      { who: "operator key", action: "address allowed", before: first, after: second },
      { who: "operator key", action: "address allowed", before: null, after: first },
    ]);
  });

  it("shows full addresses to operators only", async () => {
    await add({ channel: "email", address: "ann@example.org" });
    const seenBy = async (key: string) => (await call<List>("GET", PATH, undefined, key)).body.entries[0]?.address;
    expect([await seenBy(OPERATOR), await seenBy(VIEWER)]).toEqual(["ann@example.org", "a…@example.org"]);
    expect((await call("POST", PATH, ann, VIEWER)).status).toBe(403);
    expect((await call("DELETE", `${PATH}?recipient=user:1&channel=email`, undefined, VIEWER)).status).toBe(403);
  });

  it("is paged without repeats and gaps, for any names of recipients", async () => {
    const names = ["a/b", "a b", "ä", "user:1", "x,y"];
    for (const recipient of names) {
      await add({ recipient });
      await add({ recipient, channel: "email", address: "ann@example.org" });
    }
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor ? `&cursor=${cursor}` : "";
      const page: List = (await call<List>("GET", `${PATH}?limit=3${query}`)).body;
      seen.push(...page.entries.map(({ recipient, channel }) => `${channel} ${recipient}`));
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen.toSorted()).toEqual(names.flatMap((name) => [`email ${name}`, `sms ${name}`]).toSorted());
    const one = `${PATH}?recipient=${encodeURIComponent("a/b")}`;
    expect((await call<List>("GET", `${one}&channel=sms`)).body.entries).toMatchObject([{ recipient: "a/b" }]);
    expect((await call("DELETE", `${one}&channel=sms`)).status).toBe(204);
  });

  it.each([
    [{ address: "5005550009" }, "address"],
    [{ channel: "email" }, "address"],
    [{ channel: "push", address: "https://fcm.googleapis.com/x" }, "channel"],
    [{ recipient: " " }, "recipient"],
    [{ adress: "+15005550009" }, "adress"],
  ])("refuses %j with the field %s", async (given, field) => {
    const { status, body } = await call<Problem>("POST", PATH, { ...ann, ...given });
    expect([status, body.errors.map((error) => error.field)]).toEqual([400, [field]]);
    expect(await audit()).toEqual([]);
  });

  it.each(["cursor=abc", "cursor=WyJhIl0", "limit=0", "channel=fax"])("refuses ?%s", async (query) => {
    expect((await call("GET", `${PATH}?${query}`)).status).toBe(400);
  });

  it("of two concurrent first entries the second replaces the first, and the audit has both", async () => {
    await Promise.all([add({ address: "+15005550011" }), add({ address: "+15005550012" })]);
    expect((await audit()).map(({ before }) => before === null)).toEqual([false, true]);
  });
});
