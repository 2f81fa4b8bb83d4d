import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Tx } from "#data/client.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { Cancel, defineJob, type Job, type JobContext, manual, noRetries, Snooze } from "#jobs";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import type { LogEntry } from "#telemetry/log.ts";
import { startAdminApi } from "../../functions/http/admin/admin-api.ts";

type Context = JobContext<Record<string, never>>;
const family = { id: "samples", title: "Samples" };

let database: TestDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());

interface Outcome {
  readonly run: Run;
  readonly log: readonly LogEntry[];
  /** As `GET api/admin/runs/{id}`, the lists and why answer, as text. */
  readonly shown: string;
}

/** Does a run of the job in an app of its own, and looks at it in every way that there is. */
async function done(job: Job, { heartbeatMs = 3_600_000 } = {}): Promise<Outcome> {
  const api = startAdminApi(database.url, [job], { heartbeatMs });
  try {
    const asked = await api.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "a test" });
    const run = (await api.runner.execute(asked.id))!;
    expect(api.runner.activeRuns).toBe(0);
    const pages = [
      `api/admin/runs/${run.id}`,
      "api/admin/runs",
      "api/admin/dead-letters",
      `api/admin/jobs/${job.id}/why`,
    ];
    const answers = await Promise.all(
      [...pages, "api/admin/jobs", "api/jobs/health"].map((path) => api.call("GET", path)),
    );
    for (const { status } of answers) expect(status).toBeLessThan(600);
    return { run, log: api.log, shown: JSON.stringify(answers.map(({ body }) => body)) };
  } finally {
    await api.close();
  }
}

let count = 0;
function odd(run: (context: Context) => Promise<unknown>, options: { timeout?: "100ms" } = {}): Job {
  const id = `odd_${++count}`;
  return defineJob({
    id,
    family,
    summary: "A sample",
    on: manual,
    input: z.strictObject({}),
    retry: noRetries,
    run: run as (context: Context) => Promise<Record<string, unknown>>,
    ...options,
  } as never);
}
function oddItems(items: number, each: (item: number) => Promise<string>, key: (item: number) => string): Job {
  const id = `odd_${++count}`;
  return defineJob({
    id,
    family,
    summary: "A sample",
    on: manual,
    input: z.strictObject({}),
    retry: noRetries,
    items: () => Array.from({ length: items }, (_, i) => i),
    each,
    key,
  });
}

const trap = (): never => {
  throw new Error("do not look");
};
const circular = () => {
  const a: Error & { cause?: unknown } = new Error("a");
  const b = new Error("b", { cause: a });
  a.cause = b;
  return a;
};
const unreadable = new Proxy(
  {},
  { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap },
);

describe("a run is dead with a readable error whatever its job throws", () => {
  it.each<[string, unknown]>([
    ["a text", "a text"],
    ["an empty text", ""],
    ["nothing", undefined],
    ["null", null],
    ["a symbol", Symbol("s")],
    ["a function", () => 1],
    ["a bigint", 10n ** 40n],
    [
      "an object whose getters throw",
      {
        get message() {
          return trap();
        },
        get name() {
          return trap();
        },
        get errorClass() {
          return trap();
        },
      },
    ],
    ["a proxy that throws at every touch", unreadable],
    [
      "an error whose getters throw",
      Object.defineProperties(
        new Error("x"),
        Object.fromEntries(["message", "name", "stack", "cause", "code"].map((name) => [name, { get: trap }])),
      ),
    ],
    ["a frozen error", Object.freeze(new Error("frozen"))],
    ["an error with a circular cause", circular()],
    ["an error with a long message", new Error("x".repeat(20_000_000))],
    ["an error with U+0000 and half a pair", new Error("a\0b\ud800c")],
    ["an error with a message that is none", Object.assign(new Error("x"), { message: { a: 1n } })],
    [
      "an error with strange properties",
      Object.assign(new Error("x"), { status: "503", code: 17n, retryAfterMs: -1, errorClass: "none" }),
    ],
    [
      "an error that asks for an absurd wait",
      Object.assign(new Error("x"), { retryAfterMs: Number.MAX_VALUE, errorClass: "validation" }),
    ],
    [
      "a gathering of a million",
      new AggregateError(
        Array.from({ length: 100_000 }, (_, i) => new Error(String(i))),
        "many",
      ),
    ],
    ["a promise", Promise.resolve(1)],
  ])("%s", async (_, thrown) => {
    const { run, log } = await done(
      odd(async () => {
        throw thrown;
      }),
    );
    expect(run.state).toBe("dead");
    const [error] = run.errors;
    expect(error).toMatchObject({
      message: expect.any(String) as string,
      class: expect.stringMatching(/^\w+$/) as string,
    });
    expect(error!.message.length).toBeLessThan(5_000);
    expect(error!.stack.length).toBeLessThan(40_000);
    const [line] = log.filter(({ message }) => message === "Failed for good");
    expect(line?.fields).toMatchObject({ job: run.jobId, run: run.id });
    expect(JSON.stringify(line).length).toBeLessThan(300_000);
  });

  it("a Cancel or Snooze with a strange reason keeps its ending", async () => {
    const cancelled = await done(
      odd(async () => {
        throw new Cancel("\0 \ud800".repeat(10_000));
      }),
    );
    expect(cancelled.run).toMatchObject({ state: "cancelled" });
    const snoozed = await done(
      odd(async () => {
        throw new Snooze("5m", undefined as never);
      }),
    );
    expect(snoozed.run).toMatchObject({ state: "retrying", reasonCode: "snoozed" });
  });
});

describe("a run succeeds with a readable result whatever its job returns", () => {
  it.each<[string, unknown]>([
    ["a bigint", 10n ** 40n],
    ["a date", new Date(0)],
    ["a date that is none", { at: new Date(NaN) }],
    ["a map", new Map([["a", new Set([1])]])],
    [
      "a circle",
      (() => {
        const a: Record<string, unknown> = {};
        a.a = a;
        return a;
      })(),
    ],
    ["functions and symbols", { f: () => 1, s: Symbol("s") }],
    ["numbers that are none", { a: NaN, b: Infinity, c: -0 }],
    ["U+0000 and half a pair, in names too", { "a\0": "\0", "\ud800": "\udfff" }],
    ["a text", "\0"],
    ["a list", [1, [2]]],
    ["null", null],
    ["a proxy that throws at every touch", { a: unreadable }],
    ["something that cannot be turned into JSON", { toJSON: trap }],
    [
      "something that becomes something else each time",
      {
        toJSON() {
          return { toJSON: () => ({ a: 1 }) };
        },
      },
    ],
    ["depth", Array.from({ length: 50_000 }).reduce<unknown>((inner) => [inner], 1)],
    ["__proto__", JSON.parse('{"__proto__":{"x":1},"constructor":1}')],
    ["an error", new Error("returned")],
    ["bytes", Buffer.alloc(100_000)],
    ["width", Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`k${i}`, i]))],
  ])("%s", async (_, result) => {
    const { run, shown } = await done(odd(async () => result));
    expect(run.state, JSON.stringify(run.errors).slice(0, 500)).toBe("succeeded");
    expect(run.result).toBeInstanceOf(Object);
    expect(shown.length).toBeLessThan(2_000_000);
  });

  it("a text of 50 MB is truncated", async () => {
    const { run } = await done(odd(async () => ({ report: "x".repeat(50_000_000), rows: 3 })));
    expect(run).toMatchObject({ state: "succeeded", result: { rows: 3 } });
    expect(JSON.stringify(run.result).length).toBeLessThan(300_000);
  });

  it("progress that is not valid does not cost the lease", async () => {
    const { run } = await done(
      odd(async ({ progress, run: own, db }) => {
        progress(NaN, -1, "\0\ud800".repeat(1_000_000));
        // Until the heartbeat has written it, whatever it made of it.
        for (;;) {
          const [row] = await db.execute(sql`select progress from platform.job_runs where id = ${own.id}`);
          if (row?.progress) return {};
        }
      }),
      { heartbeatMs: 20 },
    );
    expect(run.state).toBe("succeeded");
    expect(JSON.stringify(run.progress).length).toBeLessThan(10_000);
  });
});

describe("items", () => {
  it("with strange keys fail under these keys", async () => {
    const keys = ["", "\0", "\ud800", "x".repeat(100_000), "a\nb", "__proto__", "<script>", "’; drop table"];
    const fail = async (): Promise<string> => {
      throw new Error("no");
    };
    const { run } = await done(
      oddItems(keys.length + 3, fail, (i) => (i < keys.length ? keys[i]! : i % 2 ? trap() : (undefined as never))),
    );
    expect(run).toMatchObject({ state: "succeeded", itemFailureCount: keys.length + 3 });
    for (const { key } of run.itemFailures!) expect(key.length).toBeLessThan(300);
  });

  it("a hundred thousand that fail are counted, and the first hundred kept", async () => {
    const { run, log } = await done(
      oddItems(
        100_000,
        async (i) => {
          throw new Error(`item ${i} is broken`);
        },
        String,
      ),
    );
    expect(run).toMatchObject({ state: "succeeded", itemFailureCount: 100_000 });
    expect(run.itemFailures).toHaveLength(100);
    expect(run.itemFailures![99]).toMatchObject({ key: "99", reason: "item 99 is broken" });
    expect(log.filter(({ message }) => message === "Item failed").length).toBeLessThanOrEqual(101);
  });

  it("with strange outcomes are counted", async () => {
    const outcomes = ["__proto__", "", "\0", undefined, { a: 1 }, 7] as string[];
    const { run } = await done(oddItems(outcomes.length, async (i) => outcomes[i]!, String));
    expect(run.state).toBe("succeeded");
    expect(Object.values(run.result!)).toEqual([1, 1, 1, 1, 1, 1]);
  });
});

describe("a job that breaks the rules", () => {
  const table = sql`create table if not exists odd_effects (note text)`;
  const leave = (note: string) => (tx: Tx) => tx.execute(sql`insert into odd_effects values (${note})`);
  const effects = async (api: Pick<ReturnType<typeof startAdminApi>, "db">) =>
    (await api.db.execute<{ note: string }>(sql`select note from odd_effects`)).map(({ note }) => note);

  it("and never settles ends by its timeout: its key is free, its later writes are refused, its error is logged", async () => {
    let late!: Context;
    const forever = Promise.withResolvers<void>();
    const job = odd(
      async (context) => {
        late = context;
        return forever.promise;
      },
      { timeout: "100ms" },
    );
    const api = startAdminApi(database.url, [job]);
    try {
      await api.db.execute(table);
      const request = { input: {}, trigger: "manual", requestedBy: "a test" } as const;
      const asked = await api.enqueuer.enqueue(job, request);
      expect(await api.runner.execute(asked.id)).toMatchObject({
        state: "dead",
        errors: [{ class: "transient", name: "RunTimeout" }],
      });
      await expect(late.transaction(leave("late"))).rejects.toThrow(/took longer/);
      await expect(late.finish((tx) => leave("late")(tx).then(() => ({})))).rejects.toThrow(/took longer/);
      late.progress(1, 1, "late");
      expect(await effects(api)).toEqual([]);
      forever.reject(new Error("much too late"));
      await expect(forever.promise).rejects.toThrow();
      const errors = api.log.filter(({ message }) => message === "Abandoned work failed after its attempt had ended");
      expect(errors).toEqual([
        expect.objectContaining({
          fields: expect.objectContaining({
            job: job.id,
            run: asked.id,
            error: expect.anything() as unknown,
          }) as unknown,
        }),
      ]);
      // The next one gets the key.
      const next = await api.enqueuer.enqueue(job, request);
      expect(await api.runner.execute(next.id)).toMatchObject({ state: "dead", attempt: 1 });
    } finally {
      await api.close();
    }
  });

  it("and calls transaction after its end commits nothing", async () => {
    let late!: Context;
    const job = odd(async (context) => void (late = context));
    const api = startAdminApi(database.url, [job]);
    try {
      await api.db.execute(table);
      const asked = await api.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "a test" });
      expect(await api.runner.execute(asked.id)).toMatchObject({ state: "succeeded" });
      await expect(late.transaction(leave("after its end"))).rejects.toThrow(/no longer held/);
      await expect(late.finish(async () => ({ again: true }))).rejects.toThrow(/no longer held/);
      await expect(late.batches(1, async () => ({ n: 0 }))).rejects.toThrow(/no longer held/);
      expect(await effects(api)).toEqual([]);
    } finally {
      await api.close();
    }
  });

  it("and calls finish twice is finished once, with the first result", async () => {
    const { run } = await done(
      odd(async ({ finish }) => {
        await finish(async () => ({ n: 1 }));
        return finish(async () => ({ n: 2 }));
      }),
    );
    expect(run).toMatchObject({ state: "succeeded", result: { n: 1 } });
  });
});

describe("a secret in a job's texts", () => {
  const secrets = {
    connection:
      "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ=",
    database: "postgres://rota:hunter2-hunter2@db.example/rota",
    bearer: "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    key: "sk-proj-abcdefghijklmnopqrstuvwx1234567890",
    phone: "+49 151 23456789",
  };
  const all = Object.values(secrets).join("\n");
  const leaks = (text: string) =>
    [
      "c2VjcmV0LXNlY3JldC1z",
      "hunter2",
      "eyJhbGciOiJIUzI1NiJ9",
      "sk-proj-abcdef",
      "151 23456789",
      "dear customer",
    ].filter((secret) => text.includes(secret));

  it.each<[string, Job]>([
    [
      "an error",
      odd(async () => {
        throw new Error(all, { cause: new Error(all) });
      }),
    ],
    [
      "a thrown object",
      odd(async () => {
        throw Object.assign(Object.create(null), secrets);
      }),
    ],
    [
      "the reason of a Cancel",
      odd(async () => {
        throw new Cancel(all);
      }),
    ],
    [
      "the reason of a Snooze",
      odd(async () => {
        throw new Snooze("1m", all);
      }),
    ],
    ["a result, as it is shown", odd(async () => ({ ...secrets, mail: { subject: "s", body: "dear customer" } }))],
    [
      "the note of its progress",
      odd(async ({ progress, log }) => {
        progress(1, 2, all);
        log.info(all, { ...secrets, password: "hunter2" });
      }),
    ],
    [
      "the failure of an item",
      oddItems(
        1,
        async () => {
          throw new Error(all);
        },
        () => all,
      ),
    ],
  ])("%s is redacted, in the log and over HTTP", async (what, job) => {
    const { run, log, shown } = await done(job);
    expect(leaks(JSON.stringify(log))).toEqual([]);
    expect(leaks(shown)).toEqual([]);
    // Results are the job's own, and are kept as they came.
    if (!what.startsWith("a result")) expect(leaks(JSON.stringify(run)), "in the ledger").toEqual([]);
  });
});
