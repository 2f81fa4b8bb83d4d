import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { connect, type Db } from "#data/client.ts";
import {
  asError,
  attemptError,
  classify,
  isDatabaseError,
  isDatabaseUnavailable,
  isRetryable,
  isUniqueViolation,
  retryAfter,
  stackOf,
} from "#jobs/error-class.ts";
import { createDatabase, type TestDatabase } from "#support/database.ts";

const options = { poolMax: 3, idleMs: 60_000, tls: "disable", prepare: true } as const;
const now = new Date("2026-03-10T12:00:00Z");

async function failureOf(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

const withCode = (code: unknown) => Object.assign(new Error("sample"), { code });
const withStatus = (status: number) => Object.assign(new Error("sample"), { status });

describe("errors of a real database", () => {
  let database: TestDatabase;
  let db: Db;

  beforeAll(async () => {
    database = await createDatabase();
    db = connect({ url: database.url, ...options });
    await db.execute(sql`create table account (id int primary key, balance int not null check (balance >= 0))`);
    await db.execute(sql`insert into account values (1, 10), (2, 10)`);
  });
  afterAll(async () => {
    await db.$client.end();
    await database.drop();
  });

  it("a duplicate row is of class validation, in and out of a transaction", async () => {
    const insert = sql`insert into account values (1, 5)`;
    const errors = [
      await failureOf(db.execute(insert)),
      await failureOf(db.transaction((tx) => tx.execute(insert))),
      await failureOf(db.$client`insert into account values (1, 5)`),
    ];
    for (const error of errors) {
      expect(classify(error)).toBe("validation");
      expect(isUniqueViolation(error)).toBe(true);
      expect(isDatabaseError(error)).toBe(false);
    }
  });

  it.each([
    ["a constraint", sql`update account set balance = -1 where id = 1`, "validation"],
    ["a value out of range", sql`select 1 / 0`, "validation"],
    ["a text that is no number", sql`select ${"seven"}::int`, "validation"],
    ["a table that is not there", sql`select 1 from no_such_table`, "unknown"],
  ] as const)("%s is one of the statement alone", async (_, statement, expected) => {
    const error = await failureOf(db.execute(statement));
    expect(classify(error)).toBe(expected);
    expect(isDatabaseError(error)).toBe(false);
    expect(isUniqueViolation(error)).toBe(false);
  });

  it("a statement timeout is transient, and the database counts as available", async () => {
    const error = await failureOf(
      db.transaction(async (tx) => {
        await tx.execute(sql`set local statement_timeout = '10ms'`);
        await tx.execute(sql`select pg_sleep(10)`);
      }),
    );
    expect(classify(error)).toBe("transient");
    expect(isDatabaseError(error)).toBe(true);
    expect(isDatabaseUnavailable(error)).toBe(false);
  });

  it("a serialization failure is worth an immediate retry, and fails one transaction alone", async () => {
    const error = await failureOf(
      db.transaction(
        async (tx) => {
          await tx.execute(sql`select sum(balance) from account`);
          await db.execute(sql`update account set balance = balance + 1 where id = 1`);
          await tx.execute(sql`update account set balance = balance + 1 where id = 1`);
        },
        { isolationLevel: "repeatable read" },
      ),
    );
    expect(classify(error)).toBe("transient");
    expect(isDatabaseError(error)).toBe(true);
    expect(isDatabaseUnavailable(error)).toBe(false);
  });

  it("a deadlock is transient for the transaction that the database cancels", async () => {
    const locked = [Promise.withResolvers<unknown>(), Promise.withResolvers<unknown>()] as const;
    const move = (from: 1 | 2, to: 1 | 2) =>
      db.transaction(async (tx) => {
        await tx.execute(sql`set local deadlock_timeout = '10ms'`);
        await tx.execute(sql`update account set balance = balance + 1 where id = ${from}`);
        locked[from - 1]?.resolve(undefined);
        await Promise.all(locked.map(({ promise }) => promise));
        await tx.execute(sql`update account set balance = balance + 1 where id = ${to}`);
      });
    const ended = await Promise.allSettled([move(1, 2), move(2, 1)]);
    const failed = ended.filter(({ status }) => status === "rejected");
    expect(failed).toHaveLength(1);
    expect(classify((failed[0] as PromiseRejectedResult).reason)).toBe("transient");
    expect(isDatabaseUnavailable((failed[0] as PromiseRejectedResult).reason)).toBe(false);
  });

  it("a missing database, or a refused password, is not a transient outage", async () => {
    const elsewhere = connect({ url: `${database.url}_not_there`, ...options });
    const error = await failureOf(elsewhere.execute(sql`select 1`));
    expect(classify(error)).toBe("unknown");
    expect(isRetryable(classify(error))).toBe(true);
    await elsewhere.$client.end();
  });

  it("the ledger stores no values of a query, wherever in the chain the query is", async () => {
    const statement = sql`insert into account values (1, 5) returning ${"a private text"}::text`;
    const wrapper = await failureOf(db.execute(statement));
    const outer = new Error("could not store the account", { cause: wrapper });
    expect(asError(wrapper).message).toBe('duplicate key value violates unique constraint "account_pkey"');
    for (const error of [asError(wrapper), wrapper as Error, outer]) {
      const entry = JSON.stringify(attemptError(error, 1, now));
      expect(entry).toContain("account_pkey");
      expect(entry).not.toContain("a private text");
    }
  });
});

describe("an unreachable database", () => {
  it.each([
    ["a statement", (db: Db) => db.execute(sql`select 1`)],
    ["a transaction", (db: Db) => db.transaction((tx) => tx.execute(sql`select 1`))],
  ])("is unavailable, as %s reports", async (_, work) => {
    const db = connect({ url: "postgres://nobody@127.0.0.1:1/none", ...options });
    const error = await failureOf(work(db));
    expect(classify(error)).toBe("transient");
    expect(isDatabaseError(error)).toBe(true);
    expect(isDatabaseUnavailable(error)).toBe(true);
    await db.$client.end();
  });

  it("differs from another service that refuses a connection", async () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" });
    expect(classify(refused)).toBe("transient");
    expect(isDatabaseError(refused)).toBe(false);
    expect(isDatabaseUnavailable(refused)).toBe(false);
  });
});

describe("the class of an error", () => {
  const aborted = (name: string) => new DOMException("sample", name);
  const zodError = z.object({ n: z.int() }).safeParse({}).error;

  it.each([
    ["connection refused", withCode("ECONNREFUSED"), "transient"],
    ["connection reset", withCode("ECONNRESET"), "transient"],
    ["a name that does not resolve", withCode("EAI_AGAIN"), "transient"],
    ["undici's timeout", withCode("UND_ERR_HEADERS_TIMEOUT"), "transient"],
    ["fetch's wrapper", new TypeError("fetch failed", { cause: withCode("ECONNREFUSED") }), "transient"],
    ["the driver's closed connection", withCode("CONNECTION_CLOSED"), "transient"],
    ["an aborted signal", aborted("AbortError"), "transient"],
    ["a signal's timeout", aborted("TimeoutError"), "transient"],
    ["Node's own abort", withCode("ABORT_ERR"), "transient"],
    ["408", withStatus(408), "transient"],
    ["500", withStatus(500), "transient"],
    ["503 as statusCode", Object.assign(new Error(), { statusCode: 503 }), "transient"],
    ["503 of a response", Object.assign(new Error(), { response: { status: 503 } }), "transient"],
    ["429", withStatus(429), "rate_limited"],
    ["401", withStatus(401), "auth"],
    ["403", withStatus(403), "auth"],
    ["404", withStatus(404), "validation"],
    ["422", withStatus(422), "validation"],
    ["200", withStatus(200), "unknown"],
    ["a status that is a text", Object.assign(new Error(), { status: "500" }), "unknown"],
    ["what Azure calls retryable", Object.assign(new Error(), { code: "ServiceBusy", retryable: true }), "transient"],
    ["a schema's verdict", zodError, "validation"],
    ["shutdown of the server", withCode("57P01"), "transient"],
    ["too many connections", withCode("53300"), "transient"],
    ["a standby", withCode("25006"), "transient"],
    ["a lock that is not to be had", withCode("55P03"), "transient"],
    ["a wrong password", withCode("28P01"), "auth"],
    ["a missing privilege", withCode("42501"), "auth"],
    ["a malformed message", withCode("08P01"), "unknown"],
    ["a file that is not there", withCode("ENOENT"), "unknown"],
    ["a pipe that broke", withCode("EPIPE"), "transient"],
    ["its own word, before its status", Object.assign(withStatus(500), { errorClass: "auth" }), "auth"],
    ["a word that is no class", Object.assign(withStatus(500), { errorClass: "grave" }), "transient"],
    [
      "the first of the chain that has one",
      new Error("a", { cause: new Error("b", { cause: withStatus(403) }) }),
      "auth",
    ],
    ["what an AggregateError gathers", new AggregateError([new Error("x"), withCode("ETIMEDOUT")]), "transient"],
    ["an Error", new Error("sample"), "unknown"],
    ["a text", "sample", "unknown"],
    ["an object with a class", { errorClass: "validation" }, "validation"],
    ["an object without prototype", Object.assign(Object.create(null) as object, { status: 429 }), "rate_limited"],
    ["null", null, "unknown"],
    ["undefined", undefined, "unknown"],
    ["a number", 500, "unknown"],
  ])("%s", (_, error, expected) => {
    expect(classify(error)).toBe(expected);
  });

  it("of a cyclic chain is found, or unknown", () => {
    const one = new Error("one");
    const two = new Error("two", { cause: one });
    one.cause = two;
    expect(classify(one)).toBe("unknown");
    expect(stackOf(one)).toContain("Caused by: Error: two");
    Object.assign(two, { status: 401 });
    expect(classify(one)).toBe("auth");
  });

  it("decides about a retry", () => {
    expect((["transient", "rate_limited", "unknown", "auth", "validation"] as const).map(isRetryable)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("the wait that an error requests", () => {
  it("is its own or that of its cause", () => {
    const limited = Object.assign(new Error(), { retryAfterMs: 5_000 });
    expect(retryAfter(limited)).toBe(5_000);
    expect(retryAfter(new Error("outer", { cause: limited }))).toBe(5_000);
    expect(retryAfter(Object.assign(new Error(), { retryAfterMs: 0 }))).toBe(0);
  });

  it.each([-1, NaN, Infinity, "5000", null])("is undefined for %j", (retryAfterMs) => {
    expect(retryAfter(Object.assign(new Error(), { retryAfterMs }))).toBeUndefined();
  });
});

describe("anything that can be thrown", () => {
  const thrower = () => {
    throw new Error("no");
  };
  const hostileError = Object.defineProperties(new Error("x"), {
    message: { get: thrower },
    stack: { get: thrower },
    cause: { get: thrower },
  });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const hostile = [
    hostileError,
    revoked.proxy,
    new Proxy(new Error("x"), { get: thrower, getPrototypeOf: thrower }),
    { toJSON: thrower, toString: thrower },
    Object.assign(new Error(), { message: { not: "a text" }, name: 5, stack: null }),
    Object.assign(new AggregateError([]), { errors: revoked.proxy }),
  ];
  // Behind functions: fast-check inspects its values, and would trigger the traps.
  const anything = fc.oneof(
    fc
      .anything({ withBigInt: true, withNullPrototype: true, withMap: true, withDate: true, stringUnit: "binary" })
      .map((value) => () => value),
    fc.string({ unit: "binary" }).map((message) => () => new Error(message)),
    fc.nat(hostile.length - 1).map((which) => () => hostile[which]),
  );

  it("is classified, converted to an Error and described, without a throw", () => {
    fc.assert(
      fc.property(anything, anything, (makeThrown, makeCause) => {
        const [thrown, cause] = [makeThrown(), makeCause()];
        for (const value of [thrown, new Error("outer", { cause }), new AggregateError([thrown, cause])]) {
          expect(["transient", "rate_limited", "auth", "validation", "unknown"]).toContain(classify(value));
          isDatabaseError(value);
          isUniqueViolation(value);
          retryAfter(value);
          const error = asError(value);
          expect(error).toBeInstanceOf(Error);
          const entry = attemptError(error, 1, now);
          expect(JSON.stringify(entry)).not.toMatch(/\\u0000|\\ud[89a-f]/i);
          expect(Object.values(entry).every((part) => typeof part === "string" || part === 1)).toBe(true);
        }
      }),
    );
  });

  it("keeps its message", () => {
    expect(asError("just a text").message).toBe("a value that is not an Error was thrown: just a text");
    expect(asError({ reason: "x" }).message).toContain('{"reason":"x"}');
    expect(asError(undefined).message).toContain("undefined");
    const error = new Error("sample");
    expect(asError(error)).toBe(error);
  });

  it("is truncated to the limits of the ledger", () => {
    const entry = attemptError(new Error("long ".repeat(100_000)), 3, now);
    // The end says how much was cut.
    expect(entry.message.slice(4_096)).toBe("… (500000 characters)");
    expect(entry.stack.length).toBeLessThan(32_768 + 64);
    expect(entry).toMatchObject({ attempt: 3, at: now.toISOString(), name: "Error", class: "unknown" });
  });
});
