import { describe, expect, it } from "vitest";
import type { JobContext } from "#jobs/context.ts";
import { Cancel, InvalidInput, LeaseLost, Snooze } from "#jobs/endings.ts";
import type { ItemWork } from "#jobs/work.ts";
import type { OpenEnding } from "#runner/ending.ts";
import { executeItems } from "#runner/execute-items.ts";
import { Log, type LogEntry } from "#telemetry/log.ts";

type Returned = Extract<OpenEnding, { kind: "returned" }>;
type Threw = Extract<OpenEnding, { kind: "threw" }>;

interface Performance {
  tolerateShare?: number;
  key?: (item: number) => string;
  total?: () => Promise<number>;
  signal?: AbortSignal;
}

function perform(
  items: ItemWork<never, number>["items"],
  each: (item: number) => Promise<string>,
  { tolerateShare = 1, key = (item) => `item-${item}`, total, signal = new AbortController().signal }: Performance = {},
) {
  const progress: (number | undefined)[][] = [];
  const log: LogEntry[] = [];
  const context = {
    signal,
    log: new Log((entry) => log.push(entry)),
    progress: (done: number, of?: number) => progress.push([done, of]),
  } as unknown as JobContext<never>;
  const work = { items, each, key, tolerateShare, ...(total && { total }) } as unknown as Parameters<
    typeof executeItems
  >[0];
  return { ending: executeItems(work, context), progress, log };
}

/** The same with a batch's work in place of `each`. */
function performBatches(
  items: ItemWork<never, number>["items"],
  eachBatch: (items: readonly number[]) => Promise<readonly (string | Error)[]>,
  {
    batchOf = 2,
    weight,
    signal = new AbortController().signal,
  }: { batchOf?: number; weight?: (item: number) => number; signal?: AbortSignal } = {},
) {
  const progress: number[] = [];
  const log: LogEntry[] = [];
  const context = {
    signal,
    log: new Log((entry) => log.push(entry)),
    progress: (done: number) => progress.push(done),
  } as unknown as JobContext<never>;
  const key = (item: number) => `item-${item}`;
  const work = { items, batchOf, eachBatch, key, tolerateShare: 1, ...(weight && { weight }) };
  return { ending: executeItems(work as unknown as Parameters<typeof executeItems>[0], context), progress, log };
}

const numbers = (count: number) => () => Array.from({ length: count }, (_, n) => n);
const oddFails = async (n: number) => {
  if (n % 2 === 1) throw new InvalidInput([{ field: "n", reason: "is odd" }]);
  return "even";
};

describe("items", () => {
  it("are counted by their outcomes, and their progress is reported", async () => {
    const { ending, progress } = perform(numbers(3), async (n) => (n === 0 ? "new" : "known"), {
      total: async () => 3,
    });
    expect(await ending).toEqual({
      kind: "returned",
      result: { new: 1, known: 2 },
      itemFailures: [],
      itemFailureCount: 0,
    });
    expect(progress).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  it.each([
    ["a list", () => [1, 2]],
    ["a promise of a list", async () => [1, 2]],
    [
      "a generator",
      function* () {
        yield* [1, 2];
      },
    ],
    [
      "an async generator",
      async function* () {
        yield* [1, 2];
      },
    ],
  ] as [string, ItemWork<never, number>["items"]][])("may come as %s", async (_, items) => {
    expect(await perform(items, async () => "done").ending).toMatchObject({ result: { done: 2 } });
  });

  it("may be none", async () => {
    expect(await perform(() => [], oddFails, { tolerateShare: 0 }).ending).toMatchObject({
      kind: "returned",
      result: {},
    });
  });

  it("may have an outcome called like a method of objects", async () => {
    const { ending } = perform(numbers(2), async (n) => (n ? "constructor" : "__proto__"));
    expect(Object.entries(((await ending) as Returned).result)).toEqual([
      ["__proto__", 1],
      ["constructor", 1],
    ]);
  });
});

describe("a failing item", () => {
  it("stops no other item, and is kept and logged with its key, class and reason", async () => {
    const { ending, log } = perform(numbers(4), oddFails);
    expect(await ending).toEqual({
      kind: "returned",
      result: { even: 2 },
      itemFailures: [
        { key: "item-1", class: "validation", reason: "n: is odd" },
        { key: "item-3", class: "validation", reason: "n: is odd" },
      ],
      itemFailureCount: 2,
    });
    expect(log).toMatchObject([{ level: "warn", fields: { item: "item-1" } }, { fields: { item: "item-3" } }]);
  });

  it("is counted beyond the hundred that are kept", async () => {
    const ending = await perform(numbers(250), async () => Promise.reject(new Error("no"))).ending;
    expect(ending).toMatchObject({ itemFailureCount: 250 });
    expect((ending as Returned).itemFailures).toHaveLength(100);
  });

  it("is kept by its position when its key cannot be read, with a reason that can be stored", async () => {
    const key = () => {
      throw new Error("no name");
    };
    const { ending } = perform(numbers(1), async () => Promise.reject(new Error("a\0b")), { key });
    expect(await ending).toMatchObject({ itemFailures: [{ key: "item 1", reason: "a\uFFFDb" }] });
  });

  it("may throw anything", async () => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- jobs do
    const { ending } = perform(numbers(1), async () => Promise.reject("just a text"));
    expect(await ending).toMatchObject({
      itemFailures: [{ class: "unknown", reason: expect.stringContaining("just a text") as string }],
    });
  });

  it("of a deadlock is its own failure", async () => {
    const deadlock = Object.assign(new Error("deadlock detected"), { code: "40P01" });
    expect(await perform(numbers(2), async () => Promise.reject(deadlock)).ending).toMatchObject({
      kind: "returned",
      itemFailures: [{ class: "transient" }, { class: "transient" }],
    });
  });
});

describe("the whole attempt ends", () => {
  const gone = Object.assign(new Error("terminating connection"), { code: "57P01" });
  it.each([
    ["when the database is gone", gone],
    ["when the run was taken away", new LeaseLost("a-run")],
    ["when the job says Cancel", new Cancel("nothing left")],
    ["when the job says Snooze", new Snooze("10m", "no budget left today")],
  ])("%s", async (_, thrown) => {
    const done: number[] = [];
    const { ending } = perform(numbers(3), async (n) => {
      if (n === 1) throw thrown;
      done.push(n);
      return "done";
    });
    await expect(ending).rejects.toBe(thrown);
    expect(done).toEqual([0]);
  });

  it("at the next item after its signal is aborted", async () => {
    const abort = new AbortController();
    const done: number[] = [];
    const { ending } = perform(
      numbers(3),
      async (n) => {
        done.push(n);
        abort.abort(new LeaseLost("a-run"));
        return "done";
      },
      { signal: abort.signal },
    );
    await expect(ending).rejects.toBeInstanceOf(LeaseLost);
    expect(done).toEqual([0]);
  });

  it("when the items cannot be fetched, or their sequence breaks off", async () => {
    const broken = async function* () {
      yield 1;
      throw new Error("the cursor is gone");
    };
    await expect(perform(broken, async () => "done").ending).rejects.toThrow("the cursor is gone");
  });

  it("as failed when more items fail than the job tolerates, with the failures kept", async () => {
    const ending = await perform(numbers(4), oddFails, { tolerateShare: 0.07 }).ending;
    expect(ending).toMatchObject({
      kind: "threw",
      itemFailureCount: 2,
      itemFailures: [{ key: "item-1" }, { key: "item-3" }],
    });
    const { error } = ending as Threw;
    expect(error.message).toBe("2 of 4 items failed, more than the 7 % that are tolerated; first: item-1: n: is odd");
    expect(await perform(numbers(4), oddFails, { tolerateShare: 0.5 }).ending).toMatchObject({ kind: "returned" });
  });

  // 0.29 * 100 is less than 29.
  it.each([0, 29, 50, 58, 100])("as succeeded when exactly the tolerated %i %% of the items fail", async (percent) => {
    const each = async (n: number) => (n < percent ? Promise.reject(new Error("no")) : "done");
    const { ending } = perform(numbers(100), each, { tolerateShare: percent / 100 });
    expect(await ending).toMatchObject({ kind: "returned", itemFailureCount: percent });
  });

  it.each([
    ["of the class that all failures share", ["auth", "auth"], "auth"],
    ["of an unknown one when they differ", ["auth", "transient"], "unknown"],
  ])("as a failure %s", async (_, classes, expected) => {
    const each = async (n: number) => Promise.reject(Object.assign(new Error("no"), { errorClass: classes[n] }));
    const ending = await perform(numbers(2), each, { tolerateShare: 0 }).ending;
    expect((ending as Threw).error).toMatchObject({ errorClass: expected });
  });
});

describe("items in batches", () => {
  it("come in their order, `batchOf` at a time, and each is counted by its outcome", async () => {
    const batches: (readonly number[])[] = [];
    const { ending, progress } = performBatches(numbers(5), async (items) => {
      batches.push(items);
      return items.map((n) => (n === 1 ? new InvalidInput([{ field: "n", reason: "is one" }]) : "done"));
    });
    expect(await ending).toMatchObject({
      result: { done: 4 },
      itemFailures: [{ key: "item-1", class: "validation", reason: "n: is one" }],
      itemFailureCount: 1,
    });
    expect(batches).toEqual([[0, 1], [2, 3], [4]]);
    expect(progress).toEqual([2, 4, 5]);
  });

  it("that are large fill a batch earlier", async () => {
    const batches: (readonly number[])[] = [];
    const seen = async (items: readonly number[]) => {
      batches.push(items);
      return items.map(() => "done");
    };
    const weight = (n: number) => (n === 2 ? 10 : 0.5);
    await performBatches(numbers(6), seen, { batchOf: 1, weight }).ending;
    expect(batches).toEqual([[0, 1], [2], [3, 4], [5]]);
  });

  it("that fail together are retried one by one, so that one of them spoils no other", async () => {
    const batches: (readonly number[])[] = [];
    const { ending, log } = performBatches(
      numbers(4),
      async (items) => {
        batches.push(items);
        if (items.includes(1)) throw new Error("one is refused");
        return items.map(() => "done");
      },
      { batchOf: 3 },
    );
    expect(await ending).toMatchObject({
      result: { done: 3 },
      itemFailures: [{ key: "item-1", reason: "one is refused" }],
    });
    expect(batches).toEqual([[0, 1, 2], [0], [1], [2], [3]]);
    expect(log.map(({ message }) => message)).toEqual([
      "A batch failed; its items are retried one by one",
      "Item failed",
    ]);
  });

  it("are prefetched while the batch before is processed, and no further ahead", async () => {
    const given: number[] = [];
    const seen: number[] = [];
    const { ending } = performBatches(
      function* () {
        for (let n = 0; n < 6; n++) {
          given.push(n);
          yield n;
        }
      },
      async (items) => {
        await new Promise(setImmediate);
        seen.push(given.length);
        return items.map(() => "done");
      },
    );
    await ending;
    expect(seen).toEqual([4, 6, 6]);
  });

  it("end the attempt as single items do, and their sequence is released", async () => {
    let isLetGo = false;
    const { ending } = performBatches(
      function* () {
        try {
          for (let n = 0; ; n++) yield n;
        } finally {
          isLetGo = true;
        }
      },
      async () => Promise.reject(new LeaseLost("a-run")),
    );
    await expect(ending).rejects.toBeInstanceOf(LeaseLost);
    expect(isLetGo).toBe(true);
  });

  it("end the attempt when their sequence breaks off, after the items before that", async () => {
    const done: number[] = [];
    const broken = async function* () {
      yield* [0, 1];
      throw new Error("the cursor is gone");
    };
    const { ending } = performBatches(broken, async (items) => {
      done.push(...items);
      return items.map(() => "done");
    });
    await expect(ending).rejects.toThrow("the cursor is gone");
    expect(done).toEqual([0, 1]);
  });

  it("end the attempt when they fail because of its signal", async () => {
    const abort = new AbortController();
    const { ending, log } = performBatches(
      numbers(2),
      async (items) => {
        abort.abort(new LeaseLost("a-run"));
        return items.map(() => new Error("no answer, because of its signal"));
      },
      { signal: abort.signal },
    );
    await expect(ending).rejects.toThrow();
    expect(log).toEqual([]);
  });

  it("must all have an outcome", async () => {
    expect(await performBatches(numbers(2), async () => []).ending).toMatchObject({
      itemFailures: [
        { key: "item-0", reason: "eachBatch: expected an outcome for each of 1 items, got 0" },
        { key: "item-1" },
      ],
    });
  });
});
