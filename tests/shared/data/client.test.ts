import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { connect, type Db } from "#data/client.ts";
import { classify } from "#jobs/error-class.ts";
import { createDatabase, type TestDatabase } from "#support/database.ts";

const options = { poolMax: 2, idleMs: 60_000, tls: "disable", prepare: true } as const;
let database: TestDatabase;
let silent: Db;
let other: Db;
beforeAll(async () => {
  database = await createDatabase();
  silent = connect({ ...options, url: database.url, idleTransactionTimeoutMs: 1_000 });
  other = connect({ ...options, url: database.url });
  await other.execute("create table effects (key text primary key, of text)");
});
afterAll(async () => {
  // Bounded as in the app: the driver may wait for ever for a connection that it has lost.
  await Promise.all([silent.$client.end({ timeout: 1 }), other.$client.end()]);
  await database.drop();
});

it("the server ends an idle transaction and releases its locks", async () => {
  const asleep = Promise.withResolvers<null>();
  const asked = Promise.withResolvers<null>();
  const late = silent
    .transaction(async (tx) => {
      await tx.execute(sql`insert into effects values ('order 1', 'the late one')`);
      asked.resolve(null);
      await asleep.promise;
      await tx.execute(sql`insert into effects values ('order 2', 'the late one')`);
    })
    .catch((error: unknown) => error);
  await asked.promise;
  await other.execute(sql`insert into effects values ('order 1', 'the other one')`);
  asleep.resolve(null);
  const refusal = await late;
  expect(classify(refusal), String(refusal)).toBe("transient");
  expect([...(await other.execute("select * from effects"))]).toEqual([{ key: "order 1", of: "the other one" }]);
  expect([...(await silent.execute("select 1 as one"))], "and works on").toEqual([{ one: 1 }]);
});

it("a pool that cannot connect ends without a limit of the caller", async () => {
  const server = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const url = `postgres://me:secret@127.0.0.1:${(server.address() as AddressInfo).port}/rota`;
  const pool = connect({ ...options, url, connectTimeoutMs: 3_600_000 });
  const waiting = pool.execute("select 1").catch((error: unknown) => error);
  await pool.$client.end();
  expect(classify(await waiting)).toBe("transient");
});
