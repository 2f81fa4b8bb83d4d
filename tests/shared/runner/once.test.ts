import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { listEffects } from "#data/platform/effects.ts";
import { EffectUnknown, once } from "#runner/once.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const runId = "01a20000-0000-7000-8000-000000000001";

let database: TestDatabase;
let process: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
  process = startProcess(database.url, []);
});
afterAll(async () => {
  await process.close();
  await database.drop();
});
beforeEach(() => emptyTables(process.db, ["platform.effects"]));

const tools = () => ({ db: process.db, clock: new TestClock(), runId, signal: new AbortController().signal });

describe("an effect outside the database", () => {
  it("happens once; a repeat gets the stored outcome", async () => {
    let sent = 0;
    const send = async (key: string) => ({ id: `mail-${++sent}`, key });
    const first = await once(tools(), "mail 7", send);
    expect(await once(tools(), "mail 7", send)).toEqual(first);
    expect(first).toEqual({ id: "mail-1", key: "mail 7" });
    expect(sent).toBe(1);
    expect(await once(tools(), "mail 8", send)).toMatchObject({ id: "mail-2" });
  });

  it("that the provider refused may be repeated", async () => {
    const refuse = async () => {
      throw Object.assign(new Error("slow down"), { errorClass: "rate_limited" });
    };
    await expect(once(tools(), "mail 7", refuse)).rejects.toThrow("slow down");
    expect(await once(tools(), "mail 7", async () => "sent")).toBe("sent");
  });

  it("does not start after the signal of its attempt, and leaves nothing that a repeat would park", async () => {
    const abort = new AbortController();
    const stopped = once({ ...tools(), signal: abort.signal }, "mail 7", async () => "sent");
    abort.abort(new Error("a gate closed"));
    await expect(stopped).rejects.toThrow("a gate closed");
    expect(await once(tools(), "mail 7", async () => "sent later")).toBe("sent later");
  });

  it("of an earlier attempt stays unknown when a repeat is stopped before it", async () => {
    await process.db.execute(
      `insert into platform.effects (key, run_id, state, intended_at) values ('mail 7', '${runId}', 'intended', now())`,
    );
    const abort = new AbortController();
    const repeat = { whenUnknown: "repeat" } as const;
    const stopped = once({ ...tools(), signal: abort.signal }, "mail 7", async () => "sent", repeat);
    abort.abort(new Error("a gate closed"));
    await expect(stopped).rejects.toThrow("a gate closed");
    await expect(once(tools(), "mail 7", async () => "sent")).rejects.toThrow(EffectUnknown);
  });

  it.each([
    ["a character that the database refuses", { id: "mail\u0000-1" }],
    ["half a character", { id: "mail \ud800" }],
    ["a number that JSON lacks", { id: 1n, rate: Number.NaN }],
  ])("happens once when its outcome has %s", async (_, outcome) => {
    let sent = 0;
    const send = async () => {
      sent += 1;
      return outcome;
    };
    expect(await once(tools(), "mail 7", send)).toEqual(outcome);
    await once(tools(), "mail 7", send);
    expect(sent).toBe(1);
  });

  it("is not withdrawn when its outcome cannot be stored", async () => {
    const times = [new Date(), new Date(Number.NaN)];
    const broken = { ...tools(), clock: { now: () => times.shift()! } };
    let sent = 0;
    const send = async () => ++sent;
    await expect(once(broken, "mail 9", send)).rejects.toThrow();
    await expect(once(tools(), "mail 9", send)).rejects.toThrow(EffectUnknown);
    expect(sent).toBe(1);
  });

  const cutOff = () => {
    throw Object.assign(new Error("no answer"), { code: "ETIMEDOUT" });
  };

  it("whose outcome is unknown is parked for a person and not repeated", async () => {
    await expect(once(tools(), "call 1", cutOff)).rejects.toThrow("no answer");
    let called = 0;
    const call = async () => ++called;
    await expect(once(tools(), "call 1", call)).rejects.toThrow(EffectUnknown);
    await expect(once(tools(), "call 1", call)).rejects.toThrow(/it is unknown whether "call 1"/);
    expect(called).toBe(0);
    expect(await listEffects(process.db, { state: "parked", limit: 10 })).toMatchObject([{ key: "call 1", runId }]);
  });

  it("whose outcome is unknown is repeated with the same key where the provider supports keys", async () => {
    await expect(once(tools(), "order 1", cutOff)).rejects.toThrow("no answer");
    const keys: string[] = [];
    const order = async (key: string) => keys.push(key);
    expect(await once(tools(), "order 1", order, { whenUnknown: "repeat" })).toBe(1);
    expect(keys).toEqual(["order 1"]);
  });

  it("that many runs start at once happens once", async () => {
    let sent = 0;
    const send = async () => ++sent;
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => once(tools(), "mail 9", send)));
    expect(sent).toBe(1);
    expect(all.some(({ status }) => status === "fulfilled")).toBe(true);
  });
});
