import { afterAll, beforeAll, expect, it } from "vitest";
import { sendNotification } from "#functions/platform/send-notification.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

const VAPID = { VAPID_PUBLIC_KEY: "B".repeat(87), VAPID_PRIVATE_KEY: "k".repeat(43), VAPID_SUBJECT: "mailto:a@b.c" };

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, [sendNotification], {
    env: { AZURE_FUNCTIONS_ENVIRONMENT: "Production", ...VAPID },
  });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

const PATH = "api/notifications/push-subscriptions";
const browser = (name: string) => ({
  endpoint: `https://fcm.googleapis.com/fcm/send/${name}`,
  expirationTime: null,
  keys: {
    p256dh: Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)]).toString("base64url"),
    auth: Buffer.alloc(16, 2).toString("base64url"),
  },
});
interface Browser {
  id: string;
  recipient: string;
}
const of = async (recipient: string) =>
  (await api.call<{ publicKey: string; subscriptions: Browser[] }>("GET", `${PATH}?recipient=${recipient}`)).body;

it("a browser subscribes, receives the recipient's notifications, and unsubscribes", async () => {
  const { status, body } = await api.call<Browser>("POST", PATH, { recipient: "user:1", ...browser("one") });
  expect([status, body]).toEqual([
    201,
    expect.objectContaining({ recipient: "user:1", service: "fcm.googleapis.com" }),
  ]);
  expect(await of("user:1")).toMatchObject({ publicKey: VAPID.VAPID_PUBLIC_KEY, subscriptions: [{ id: body.id }] });
  const note = { recipient: "user:1", type: "note", severity: "INFO", title: "Hello", body: "", channels: ["push"] };
  expect((await api.call("POST", "api/notifications", note)).body).toMatchObject({ state: "pending" });

  expect((await api.call("DELETE", `${PATH}/${body.id}`)).status).toBe(204);
  expect((await api.call("DELETE", `${PATH}/${body.id}`)).status).toBe(404);
  expect((await api.call("POST", "api/notifications", note)).body).toMatchObject({ state: "suppressed" });
});

it("a browser in which another user signs in moves to that user", async () => {
  const { body: first } = await api.call<Browser>("POST", PATH, { recipient: "user:2", ...browser("two") });
  const { status, body } = await api.call<Browser>("POST", PATH, { recipient: "user:3", ...browser("two") });
  expect([status, body.id, body.recipient]).toEqual([200, first.id, "user:3"]);
  expect([(await of("user:2")).subscriptions, (await of("user:3")).subscriptions]).toMatchObject([[], [{}]]);
});

it("the response has no endpoint and no keys", async () => {
  const { body } = await api.call("POST", PATH, { recipient: "user:4", ...browser("secret-path") });
  const shown = JSON.stringify([body, await of("user:4")]);
  expect(shown).not.toContain("secret-path");
  expect(shown).not.toContain(browser("").keys.auth);
});

it.each([
  [{ endpoint: "https://evil.example/push" }, "endpoint"],
  [{ endpoint: "no address" }, "endpoint"],
  [{ keys: { p256dh: "abc", auth: "abc" } }, "keys.p256dh"],
  [{ recipient: "" }, "recipient"],
])("%j is refused with the field %s", async (given, field) => {
  const { status, body } = await api.call<{ errors: { field: string }[] }>("POST", PATH, {
    recipient: "user:5",
    ...browser("five"),
    ...given,
  });
  expect([status, body.errors[0]?.field]).toEqual([400, field]);
});

it("without push settings a subscription is refused with the names of the settings", async () => {
  const without = startAdminApi(database.url, [sendNotification], {
    env: { AZURE_FUNCTIONS_ENVIRONMENT: "Production" },
  });
  const { status, body } = await without.call("POST", PATH, { recipient: "user:6", ...browser("six") });
  await without.close();
  expect([status, body.detail]).toEqual([409, expect.stringContaining("VAPID_PUBLIC_KEY")]);
});
