import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { expect, it, vi } from "vitest";
import { connect, type Db } from "#data/client.ts";
import { DatabaseReach } from "#data/connection/database-reach.ts";
import { copyIn } from "#data/copy-in.ts";
import { classify, isDatabaseUnavailable } from "#jobs/error-class.ts";
import { openDatabase } from "#support/database.ts";
import { type FaultyProxy, startFaultyProxy } from "#support/faulty-proxy.ts";

const { url, db: direct } = await openDatabase();
await direct.execute("create table numbers (n int)");

interface Network {
  readonly proxy: FaultyProxy;
  /** Reaches the database through the proxy. */
  readonly db: Db;
  /** What the pool logs. */
  readonly lines: readonly string[];
}

// Most of these tests wait for a limit: they run at the same time, each with a network of its own.
const test = it.extend<{ network: Network }>({
  network: async ({ task: _ }, use) => {
    const proxy = await startFaultyProxy(url);
    const lines: string[] = [];
    const note = (message: string, fields = {}) => void lines.push(`${message} ${JSON.stringify(fields)}`);
    const log = { info: note, warn: note };
    const reach = new DatabaseReach({ log });
    const limits = { connectTimeoutMs: 1_000, silenceTimeoutMs: 2_000 };
    const db = connect({
      poolMax: 2,
      idleMs: 60_000,
      tls: "disable",
      prepare: true,
      ...limits,
      url: proxy.url,
      reach,
      log,
    });
    await ask(db);
    await use({ proxy, db, lines });
    await db.$client.end({ timeout: 1 });
    await proxy.close();
  },
});

const ask = (db: Db) => db.execute(sql`select ${1}::int as one`);
const unreachableLines = (lines: readonly string[]) =>
  lines.filter((line) => line.startsWith("PostgreSQL is unreachable"));

/** The network loses what the client sends next, and with it that connection; the server answers all others. */
function loseNextBytes(proxy: FaultyProxy): void {
  proxy.afterBytes(1, () => {
    proxy.set("silent");
    setImmediate(() => {
      proxy.set("pass");
    });
  });
}

/** Asks until there is an answer. */
async function recovered(db: Db): Promise<void> {
  await vi.waitFor(() => ask(db), { timeout: 60_000 });
}

async function askFor(db: Db, ms: number): Promise<unknown[]> {
  const errors: unknown[] = [];
  const until = performance.now() + ms;
  while (performance.now() < until) {
    await ask(db).catch((error: unknown) => errors.push(error));
    await sleep(1);
  }
  return errors;
}

test.concurrent(
  "a statement on a connection that has fallen silent fails, and the next ones work after the network heals",
  async ({ network: { proxy, db, lines } }) => {
    proxy.set("silent");
    const all = await Promise.allSettled([ask(db), ask(db), ask(db), db.transaction(() => ask(db))]);
    for (const outcome of all) {
      expect(outcome.status).toBe("rejected");
      const reason: unknown = (outcome as PromiseRejectedResult).reason;
      expect(isDatabaseUnavailable(reason), String(reason)).toBe(true);
      expect(classify(reason)).toBe("transient");
    }
    proxy.set("pass");
    await recovered(db);
    expect(unreachableLines(lines)).toHaveLength(1);
    expect(lines.at(-1)).toContain("reachable again");
  },
);

test.concurrent(
  "a transaction on a connection that has fallen silent fails and leaves nothing",
  async ({ network: { proxy, db } }) => {
    const outcome = db.transaction(async (tx) => {
      await tx.execute(sql`insert into numbers values (${1})`);
      proxy.set("silent");
      await tx.execute(sql`insert into numbers values (${2})`);
    });
    await expect(outcome).rejects.toThrow();
    proxy.set("pass");
    await recovered(db);
    expect([...(await db.execute("select * from numbers"))]).toEqual([]);
  },
);

test.concurrent.for(["close", "reset"] as const)(
  "a server whose connections %s at once is tried with a growing delay, and the log has the cause once",
  async (mode, { network: { proxy, db, lines } }) => {
    proxy.set(mode);
    const before = proxy.accepted;
    const errors = await askFor(db, 3_000);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.every(isDatabaseUnavailable)).toBe(true);
    // Delays of at least 50, 100, 200, 400, 800, 1,600 ms; connections that were tried together fail together.
    expect(proxy.accepted - before).toBeLessThan(15);
    proxy.set("pass");
    await recovered(db);
    expect(unreachableLines(lines)).toHaveLength(1);
    expect(lines.at(-1)).toContain("reachable again");
  },
);

test.concurrent(
  "a server whose answers are late fails statements, and not for ever",
  async ({ network: { proxy, db } }) => {
    proxy.set("delay");
    const outcome = await ask(db).then(() => "late", String);
    expect(outcome).toMatch(/late|not answered|Failed query/);
    proxy.set("pass");
    await recovered(db);
  },
);

test.concurrent(
  "a statement that takes longer than the limit for silence succeeds",
  async ({ network: { db, lines } }) => {
    const [row] = await db.execute<{ slept: string }>("select pg_sleep(6)::text as slept");
    expect(row).toEqual({ slept: "" });
    expect(lines).toEqual([]);
  },
);

test.concurrent.for(["silent", "close", "reset"] as const)(
  "COPY fails when its connection is %s in the middle",
  async (mode, { network: { proxy, db } }) => {
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
    await recovered(db);
    expect([...(await db.execute("select count(*)::int as n from numbers"))]).toEqual([{ n: 0 }]);
  },
);

test.concurrent(
  "COPY whose rows are lost fails, although the server waits for them",
  async ({ network: { proxy, db } }) => {
    await db.execute("create table lost_numbers (n int)");
    const copies = sql`select from pg_stat_activity where state = 'active' and query like 'copy lost_numbers%'`;
    const rows = Readable.from(
      (async function* () {
        await vi.waitUntil(async () => (await direct.execute(copies)).length > 0, { timeout: 60_000 });
        loseNextBytes(proxy);
        yield "1\n";
      })(),
    );
    await expect(db.$client.begin((tx) => copyIn(tx, "lost_numbers", [rows]))).rejects.toSatisfy(isDatabaseUnavailable);
  },
);

test.concurrent("COPY whose rows come late succeeds", async ({ network: { db, lines } }) => {
  await db.execute("create table late_numbers (n int)");
  const rows = Readable.from(
    (async function* () {
      yield "1\n";
      await sleep(6_000);
      yield "2\n";
    })(),
  );
  await db.$client.begin((tx) => copyIn(tx, "late_numbers", [rows]));
  expect([...(await db.execute("select n from late_numbers order by n"))]).toEqual([{ n: 1 }, { n: 2 }]);
  expect(lines).toEqual([]);
});

test.concurrent("closing the pool ends while the network is silent", async ({ network: { proxy, db } }) => {
  proxy.set("silent");
  await expect(db.$client.end({ timeout: 1 })).resolves.not.toThrow();
});
