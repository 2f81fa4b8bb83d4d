import { afterAll, beforeAll, expect, it } from "vitest";
import { openRealtime } from "#realtime/realtime.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { startedEmulator } from "#support/web-pubsub.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

const KEYS = { ROTA_OPERATOR_KEY: "o".repeat(32), ROTA_VIEWER_KEY: "v".repeat(32) };
const asViewer = { "x-functions-key": KEYS.ROTA_VIEWER_KEY };
const route = "api/realtime/negotiate";

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, [], { env: KEYS });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

it("without a service the url is null", async () => {
  const { status, body } = await api.call("POST", route, undefined, asViewer);
  expect([status, body]).toEqual([200, { url: null, channels: ["jobs"] }]);
});

it("with a service the url is an address for these channels", async () => {
  const emulator = await startedEmulator();
  const realtime = openRealtime({ connectionString: emulator.connectionString, hub: "rota", log: api.app.log });
  const own = startAdminApi(database.url, [], { env: KEYS, realtime });
  const { body } = await own.call<{ url: string; channels: string[] }>(
    "POST",
    route,
    { channels: ["jobs", "notifications:user:42", "jobs"] },
    asViewer,
  );
  expect(body.channels).toEqual(["jobs", "notifications:user:42"]);
  const [, payload = ""] = new URL(body.url).searchParams.get("access_token")!.split(".");
  const token = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
  expect(token).toMatchObject({ sub: "viewer key", "webpubsub.group": ["jobs", "notifications:user:42"] });
  await own.close();
});

it.each([
  [{ channels: ["jobs", "No Channel"] }, "channels.1", "expected 1 to 128 of a-z"],
  [{ channels: [] }, "channels", "at least 1 entry"],
])("%j is refused", async (asked, field, reason) => {
  const { status, body } = await api.call("POST", route, asked, asViewer);
  expect(status).toBe(400);
  expect(body).toMatchObject({ errors: [{ field, reason: expect.stringContaining(reason) as string }] });
});

it("a caller without credentials gets no address", async () => {
  expect((await api.call("POST", route)).status).toBe(401);
});
