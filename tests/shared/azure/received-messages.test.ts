import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readMessages, receivedMessages, storeOrphanedMessages } from "#azure/received-messages.ts";
import { deadMessages } from "#data/platform/control-schema.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { type AdminApi, startAdminApi } from "../../functions/http/admin/admin-api.ts";

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

const RUN = "01a202c5-e286-77a2-a61a-4cbcc13ff880";
const metadata = {
  messageIdArray: ["a", "b", "b"],
  enqueuedTimeUtcArray: ["2026-03-10T12:00:00.000Z", "2026-03-10T12:00:00.000Z", "2026-03-10T12:00:01.000Z"],
  sequenceNumberArray: [1, 2, 3],
};

describe("received messages", () => {
  it("of a batch have their own metadata; several messages of one run lead to it once", () => {
    const received = receivedMessages([{ run: RUN }, { run: RUN.toUpperCase() }, "x"], metadata);
    expect(received[2]).toEqual({
      body: "x",
      messageId: "b",
      enqueuedAt: "2026-03-10T12:00:01.000Z",
      sequenceNumber: 3,
    });
    const { runs, unreadable } = readMessages(received);
    expect([...runs].map(([run, { messageId }]) => [run, messageId])).toEqual([[RUN, "a"]]);
    expect(unreadable).toMatchObject([
      { message: { body: "x" }, reason: expect.stringMatching(/^expected JSON: /) as string },
    ]);
  });

  it("are stored once for any number of deliveries; two messages with one id are stored as two", async () => {
    const { unreadable } = readMessages(receivedMessages(["x", "y\0", { run: [[]] }], metadata));
    await storeOrphanedMessages(api.app, "job-runs", unreadable);
    await storeOrphanedMessages(api.app, "job-runs", unreadable);
    await storeOrphanedMessages(api.app, "another", unreadable.slice(0, 1));
    const kept = await api.db.select().from(deadMessages);
    expect(kept.map(({ queue, body }) => `${queue}: ${body}`).sort()).toEqual([
      "another: x",
      "job-runs: x",
      "job-runs: y\uFFFD",
      'job-runs: {"run":[[]]}',
    ]);
    const { body } = await api.call<{ deadLetters: { kind: string }[] }>("GET", "api/admin/dead-letters");
    expect(body.deadLetters).toHaveLength(4);
  });

  it("without metadata are stored too", async () => {
    const [received] = receivedMessages([null]);
    expect(received).toEqual({ body: null, messageId: null, enqueuedAt: null, sequenceNumber: null });
    const { unreadable } = readMessages([received!]);
    await storeOrphanedMessages(api.app, "bare", unreadable);
    expect((await api.db.select().from(deadMessages)).filter(({ queue }) => queue === "bare")).toMatchObject([
      { body: "null", messageId: null },
    ]);
  });
});
