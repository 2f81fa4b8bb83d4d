import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { chatMessages, corrections } from "#data/personal-ops/personal-ops-schema.ts";
import { auditLog } from "#data/platform/control-schema.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, []);
});
afterAll(async () => {
  await api.close();
  await database.drop();
});
afterEach(() => emptyTables(api.db, ["personal_ops.chat_messages", "personal_ops.corrections", "platform.audit_log"]));

const message = (externalId: string, text = "hello") => ({
  chat: "telegram",
  externalId,
  text,
  sentAt: "2026-03-10T11:00:00Z",
});
const submit = (messages: readonly object[]) => api.call("POST", "api/personal-ops/chat-messages", { messages });

it("each message is stored once, also when requests with it arrive at once, and is never changed", async () => {
  const sent = await Promise.all(Array.from({ length: 5 }, () => submit([message("1"), message("2")])));
  expect(sent.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(await submit([message("2", "another text"), message("3"), message("3")])).toMatchObject({
    body: { messages: 3, known: 2 },
  });
  const stored = await api.db.select().from(chatMessages).orderBy(chatMessages.externalId);
  expect(stored.map(({ externalId, text, direction }) => [externalId, text, direction])).toEqual([
    ["1", "hello", "from_person"],
    ["2", "hello", "from_person"],
    ["3", "hello", "from_person"],
  ]);
});

it("too many messages and a message without its time are refused, with the field", async () => {
  const many = Array.from({ length: 501 }, (_, n) => message(String(n)));
  expect(await submit(many)).toMatchObject({ status: 400, body: { errors: [{ field: "messages" }] } });
  const { sentAt: _, ...timeless } = message("1");
  expect(await submit([timeless])).toMatchObject({ status: 400, body: { errors: [{ field: "messages.0.sentAt" }] } });
});

it("a correction is stored with its caller and audited", async () => {
  const correction = { subject: "Acme's phone", wrong: "555-0199", right: "555-0100" };
  expect(await api.call("POST", "api/personal-ops/corrections", correction)).toMatchObject({ status: 201 });
  expect(await api.db.select().from(corrections)).toMatchObject([{ ...correction, at: api.clock.now() }]);
  expect(await api.db.select().from(auditLog)).toMatchObject([{ action: "correction added" }]);
});
