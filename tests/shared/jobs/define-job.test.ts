import { describe, expect, expectTypeOf, it } from "vitest";
import { defineJob, isScheduled, manual, schedule, type UpkeepContext, z } from "#jobs";

const family = { id: "samples", title: "Samples" };
const common = { id: "sample", family, summary: "A sample" } as const;
const onManual = { ...common, on: manual, input: z.strictObject({}) } as const;
const daily = schedule("0 0 3 * * *", "Europe/Berlin");
const dated = z.strictObject({ startDate: z.string() });
const defaulted = z.strictObject({ keepDays: z.int().default(90), county: z.string().optional() });

describe("a job", () => {
  it("gets defaults for what is left out", () => {
    const job = defineJob({ ...onManual, run: async () => undefined });
    expect(job).toMatchObject({
      retry: { kind: "exponential", retries: 3 },
      timeoutMs: 600_000,
      gates: [],
      work: { kind: "run" },
    });
    expect(job.concurrencyKey({})).toBe("");
    expect(job).not.toHaveProperty("onTransition");
  });

  it("calls its own transition hook before that of its family", async () => {
    const calls: string[] = [];
    const job = defineJob({
      ...onManual,
      family: { ...family, onTransition: async () => void calls.push("family") },
      onTransition: async () => void calls.push("job"),
      run: async () => undefined,
    });
    await job.onTransition!(undefined as never, undefined as never, [], new Date(0));
    expect(calls).toEqual(["job", "family"]);
  });

  it.each(["syncFx", "sync-fx", "Sync_fx", "_sync", "sync_", "sync__fx", "1_sync", "", "sync fx"])(
    "needs a snake_case id, which %j is not",
    (id) => {
      expect(() => defineJob({ ...onManual, id, run: async () => undefined })).toThrow(/^job id: expected snake_case/);
    },
  );

  it.each(["0s", "25d", "-5s", "5 s", "1e3s"] as const)("refuses a timeout of %j", (timeout) => {
    expect(() => defineJob({ ...onManual, timeout, run: async () => undefined })).toThrow(/expected .* got "/);
  });

  it.each(["101%", "-1%", "1e2%"] as const)("refuses to tolerate %j", (tolerate) => {
    const work = { items: async () => [1], each: async () => "done", key: String };
    expect(() => defineJob({ ...onManual, ...work, tolerate })).toThrow(/^sample: tolerate: expected a share/);
  });

  it("of items has only its parts, and the tolerated share as a number", () => {
    const job = defineJob({
      ...onManual,
      items: async () => [1],
      each: async () => "done",
      key: String,
      tolerate: "7.5%",
    });
    expect(job.work).toMatchObject({ kind: "items", tolerateShare: 0.075 });
    expect(Object.keys(job.work).sort()).toEqual(["each", "items", "key", "kind", "tolerateShare"]);
  });

  it.each([0, 1.5, 1_001])("refuses a batch of %j items", (batchOf) => {
    const work = { items: async () => [1], eachBatch: async () => ["done"], key: String };
    expect(() => defineJob({ ...onManual, ...work, batchOf })).toThrow(/^sample: batchOf: expected 1 to 1000 items/);
  });

  it("makes its concurrency key from the input", () => {
    const job = defineJob({
      ...common,
      on: manual,
      input: z.strictObject({ county: z.string() }),
      concurrency: ({ county }) => county,
      run: async () => undefined,
    });
    expect(job.concurrencyKey({ county: "Cook" })).toBe("Cook");
  });

  it("takes the zone setting of its family, unless it names another or has no schedule", () => {
    const zoned = { ...common, family: { ...family, zoneSetting: "TAX_LIENS_TIME_ZONE" } } as const;
    const rest = { input: z.strictObject({}), run: async () => undefined };
    expect(defineJob({ ...common, on: daily, ...rest }).zoneSetting).toBeUndefined();
    expect(defineJob({ ...common, on: daily, zoneSetting: "TAX_LIENS_TIME_ZONE", ...rest }).zoneSetting).toBe(
      "TAX_LIENS_TIME_ZONE",
    );
    expect(defineJob({ ...zoned, on: daily, ...rest }).zoneSetting).toBe("TAX_LIENS_TIME_ZONE");
    expect(defineJob({ ...zoned, on: manual, ...rest }).zoneSetting).toBeUndefined();
  });

  it("keeps its former ids and the changeable settings that it reads", () => {
    const job = defineJob({ ...onManual, run: async () => undefined });
    expect(job).toMatchObject({ formerIds: [], changeableSettings: [] });
    const renamed = { formerIds: ["old_sample"], changeableSettings: ["documents_archive_days"] } as const;
    expect(defineJob({ ...onManual, ...renamed, run: async () => undefined })).toMatchObject(renamed);
  });

  it("refuses a former id that is not snake_case", () => {
    expect(() => defineJob({ ...onManual, formerIds: ["old-sample"], run: async () => undefined })).toThrow(
      /^job id: expected snake_case/,
    );
  });

  it("is scheduled or not, also with a manual trigger written by hand", () => {
    expect(isScheduled(defineJob({ ...onManual, run: async () => undefined }))).toBe(false);
    expect(isScheduled(defineJob({ ...onManual, on: { kind: "manual" }, run: async () => undefined }))).toBe(false);
    expect(isScheduled(defineJob({ ...onManual, on: daily, run: async () => undefined }))).toBe(true);
  });
});

/** The compiler checks each @ts-expect-error: the type check fails when the line below it compiles. */
describe("mistakes that do not compile", () => {
  const nothing = async () => undefined;
  const items = async () => [{ id: "a" }];
  const each = async () => "done";
  const key = ({ id }: { id: string }) => id;

  // Never called: for the compiler only.
  const mistakes = () => {
    // @ts-expect-error a scheduled job gets no input, so its schema may not require any
    defineJob({ ...common, on: daily, input: dated, run: nothing });
    // @ts-expect-error a schedule has a zone
    defineJob({ ...onManual, on: schedule("0 0 3 * * *"), run: nothing });
    // @ts-expect-error an expression alone is no schedule
    defineJob({ ...onManual, on: "0 0 3 * * *", run: nothing });
    // @ts-expect-error one body, not two
    defineJob({ ...onManual, run: nothing, items, each, key });
    // @ts-expect-error a part of the other body is one too many as well
    defineJob({ ...onManual, run: nothing, tolerate: "5%" });
    // @ts-expect-error only an upkeep job maintains the runs of others
    defineJob({ ...onManual, run: async ({ layer }) => ({ layer }) });
    // @ts-expect-error also not with upkeep: false
    defineJob({ ...onManual, upkeep: false, run: async ({ layer }) => ({ layer }) });
    // @ts-expect-error an upkeep job has no items
    defineJob({ ...onManual, upkeep: true, items, each, key });
    // @ts-expect-error a zone setting is the name of one
    defineJob({ ...onManual, on: daily, zoneSetting: "NO_SUCH_TIME_ZONE", run: nothing });
    // @ts-expect-error a changeable setting is the name of one
    defineJob({ ...onManual, changeableSettings: ["no_such_setting"], run: nothing });
    // @ts-expect-error there is no body
    defineJob({ ...onManual });
    // @ts-expect-error each returns what happened to the item
    defineJob({ ...onManual, items, key, each: async () => undefined });
    // @ts-expect-error each returns it on every path
    defineJob({ ...onManual, items, key, each: async ({ id }) => (id === "a" ? "done" : undefined) });
    // @ts-expect-error each or eachBatch, not both
    defineJob({ ...onManual, items, key, each, batchOf: 2, eachBatch: async () => ["done"] });
    // @ts-expect-error eachBatch needs batchOf
    defineJob({ ...onManual, items, key, eachBatch: async () => ["done"] });
    // @ts-expect-error items have names
    defineJob({ ...onManual, items, each });
    // @ts-expect-error a duration carries its unit
    defineJob({ ...onManual, timeout: 30, run: nothing });
    // @ts-expect-error a number is no result
    defineJob({ ...onManual, run: async () => 3 });
    // @ts-expect-error there is no such field in the input
    defineJob({ ...common, on: manual, input: dated, concurrency: ({ county }) => String(county), run: nothing });
    // @ts-expect-error also not here
    defineJob({ ...common, on: manual, input: dated, run: async ({ input }) => ({ county: String(input.county) }) });
  };

  it("are named above", () => {
    expect(mistakes).toBeTypeOf("function");
  });
});

describe("what compiles", () => {
  it("an upkeep job, whose context has the layer's controls", () => {
    const job = defineJob({
      ...onManual,
      upkeep: true,
      run: async ({ layer, signal, input }) => {
        expectTypeOf(layer).toEqualTypeOf<UpkeepContext<unknown>["layer"]>();
        expectTypeOf(input).toEqualTypeOf<Record<string, never>>();
        return { sent: await layer.dispatchOverdueRuns({ signal }), ...(await layer.rescueExpiredRuns()) };
      },
    });
    expect(job).toMatchObject({ upkeep: true, work: { kind: "upkeep" } });
  });

  it("a manual job with a required input, whose work gets the output of the schema", () => {
    const job = defineJob({
      ...common,
      on: manual,
      input: z.strictObject({ startDate: z.iso.date().transform((date) => new Date(date)), days: z.int().default(1) }),
      run: async ({ input }) => {
        expectTypeOf(input).toEqualTypeOf<{ startDate: Date; days: number }>();
        return { days: input.days };
      },
    });
    expect(isScheduled(job)).toBe(false);
  });

  it("a scheduled job whose input is all optional or defaulted", () => {
    const job = defineJob({
      ...common,
      on: daily,
      input: defaulted,
      run: async ({ input }) => {
        expectTypeOf(input).toEqualTypeOf<{ keepDays: number; county?: string | undefined }>();
      },
    });
    expect(isScheduled(job)).toBe(true);
  });

  it("items in each of their forms, with their type in key and each", () => {
    defineJob({
      ...onManual,
      input: defaulted,
      items: ({ input }) => Array.from({ length: input.keepDays }, (_, day) => ({ day })),
      key: (item) => String(item.day),
      total: async ({ input }) => input.keepDays,
      async each(item, { input }) {
        expectTypeOf(item).toEqualTypeOf<{ day: number }>();
        expectTypeOf(input.keepDays).toBeNumber();
        return item.day > 3 ? "late" : "early";
      },
    });
    const job = defineJob({
      ...onManual,
      async *items() {
        yield 1n;
      },
      key: (item) => item.toString(),
      each: async (item) => {
        expectTypeOf(item).toEqualTypeOf<bigint>();
        return "done";
      },
    });
    expect(job.work.kind).toBe("items");
  });
});
