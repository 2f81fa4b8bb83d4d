import { describe, expect, it } from "vitest";
import type { ItemWork, JobContext } from "../../../../shared/jobs/define-job.ts";
import { Cancel, InvalidInput, LeaseLost, Snooze } from "../../../../shared/jobs/endings.ts";
import { performItems } from "../../../../shared/jobs/runner/items.ts";
import type { Ending } from "../../../../shared/jobs/runner/transition.ts";
import { Log, type LogEntry } from "../../../../shared/telemetry/log.ts";

type Returned = Extract<Ending, { kind: "returned" }>;
type Threw = Extract<Ending, { kind: "threw" }>;

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
    typeof performItems
  >[0];
  return { ending: performItems(work, context), progress, log };
}

const numbers = (count: number) => () => Array.from({ length: count }, (_, n) => n);
const oddFails = async (n: number) => {
  if (n % 2 === 1) throw new InvalidInput([{ field: "n", reason: "is odd" }]);
  return "even";
};

describe("items", () => {
  it("are counted by what happened to them, and their progress is told", async () => {
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
  it("stops nobody, and is kept and logged with its key, class and reason", async () => {
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

  it("is kept by its place when it cannot be named, and in words that can be stored", async () => {
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

  it("at the next item once its signal is aborted", async () => {
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

  it("when the items themselves cannot be had, or their sequence breaks off", async () => {
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

  it.each([
    ["of the class that all failures share", ["auth", "auth"], "auth"],
    ["of an unknown one when they differ", ["auth", "transient"], "unknown"],
  ])("as a failure %s", async (_, classes, expected) => {
    const each = async (n: number) => Promise.reject(Object.assign(new Error("no"), { errorClass: classes[n] }));
    const ending = await perform(numbers(2), each, { tolerateShare: 0 }).ending;
    expect((ending as Threw).error).toMatchObject({ errorClass: expected });
  });
});
