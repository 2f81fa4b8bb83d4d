import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { connect, type Db } from "#data/client.ts";
import { DatabaseReach } from "#data/connection/database-reach.ts";
import { copyIn } from "#data/copy-in.ts";
import { classify, isDatabaseUnavailable } from "#jobs/error-class.ts";
import { createDatabase, type TestDatabase } from "#support/database.ts";
import { type FaultyProxy, startFaultyProxy } from "#support/faulty-proxy.ts";

let database: TestDatabase;
let proxy: FaultyProxy;
let db: Db;
let lines: string[];
beforeAll(async () => {
  database = await createDatabase();
  const direct = connect({ ...base(), url: database.url });
  await direct.execute("create table numbers (n int)");
  await direct.$client.end();
});
afterAll(() => database.drop());
beforeEach(async () => {
  proxy = await startFaultyProxy(database.url);
  lines = [];
  const note = (message: string, fields = {}) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log = { info: note, warn: note };
  db = connect({ ...base(), url: proxy.url, reach: new DatabaseReach({ log }), log });
  await ask();
});
afterEach(async () => {
  await db.$client.end({ timeout: 1 });
  await proxy.close();
});

function base() {
  return {
    poolMax: 2,
    idleMs: 60_000,
    tls: "disable",
    prepare: true,
    connectTimeoutMs: 1_000,
    silenceTimeoutMs: 2_000,
  } as const;
}
const ask = (db_ = db) => db_.execute(sql`select ${1}::int as one`);
const unreachableLines = () => lines.filter((line) => line.startsWith("PostgreSQL is unreachable"));

/** Asks until there is an answer. */
async function recovered(): Promise<void> {
  await expect.poll(() => ask().then(() => "answered", String)).toBe("answered");
}

async function askFor(ms: number): Promise<unknown[]> {
  const errors: unknown[] = [];
  const until = performance.now() + ms;
  while (performance.now() < until) {
    await ask().catch((error: unknown) => errors.push(error));
    await sleep(1);
  }
  return errors;
}

it("a statement on a connection that has fallen silent fails, and the next ones work after the network heals", async () => {
  proxy.set("silent");
  const all = await Promise.allSettled([ask(), ask(), ask(), db.transaction(() => ask())]);
  for (const outcome of all) {
    expect(outcome.status).toBe("rejected");
    const reason: unknown = (outcome as PromiseRejectedResult).reason;
    expect(isDatabaseUnavailable(reason), String(reason)).toBe(true);
    expect(classify(reason)).toBe("transient");
  }
  proxy.set("pass");
  await recovered();
  expect(unreachableLines()).toHaveLength(1);
  expect(lines.at(-1)).toContain("reachable again");
});

it("a transaction on a connection that has fallen silent fails and leaves nothing", async () => {
  const outcome = db.transaction(async (tx) => {
    await tx.execute(sql`insert into numbers values (${1})`);
    proxy.set("silent");
    await tx.execute(sql`insert into numbers values (${2})`);
  });
  await expect(outcome).rejects.toThrow();
  proxy.set("pass");
  await recovered();
  expect([...(await db.execute("select * from numbers"))]).toEqual([]);
});

it.each(["close", "reset"] as const)(
  "a server whose connections %s at once is tried with a growing delay, and the log has the cause once",
  async (mode) => {
    proxy.set(mode);
    const before = proxy.accepted;
    const errors = await askFor(3_000);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.every(isDatabaseUnavailable)).toBe(true);
    // Delays of at least 50, 100, 200, 400, 800, 1,600 ms; connections that were tried together fail together.
    expect(proxy.accepted - before).toBeLessThan(15);
    proxy.set("pass");
    await recovered();
    expect(unreachableLines()).toHaveLength(1);
    expect(lines.at(-1)).toContain("reachable again");
  },
);

it("a server whose answers are late fails statements, and not for ever", async () => {
  proxy.set("delay");
  const outcome = await ask().then(() => "late", String);
  expect(outcome).toMatch(/late|not answered|Failed query/);
  proxy.set("pass");
  await recovered();
});

it("a statement that takes longer than the limit for silence succeeds", async () => {
  const [row] = await db.execute<{ slept: string }>("select pg_sleep(6)::text as slept");
  expect(row).toEqual({ slept: "" });
  expect(lines).toEqual([]);
});

it.each(["silent", "close", "reset"] as const)("COPY fails when its connection is %s in the middle", async (mode) => {
  const rows = Readable.from(
    (function* () {
      for (let n = 0; n < 2_000; n++) yield `${"7".repeat(9)}\n`.repeat(1_000);
    })(),
  );
  proxy.afterBytes(1_000_000, () => {
    proxy.set(mode);
  });
  await expect(db.$client.begin((tx) => copyIn(tx, "numbers", [rows]))).rejects.toThrow();
  proxy.set("pass");
  await recovered();
  expect([...(await db.execute("select count(*)::int as n from numbers"))]).toEqual([{ n: 0 }]);
});

it("closing the pool ends while the network is silent", async () => {
  proxy.set("silent");
  await expect(db.$client.end({ timeout: 1 })).resolves.not.toThrow();
});
