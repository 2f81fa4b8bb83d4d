import type { BatchContext, JobContext, RunResult, UpkeepContext } from "./context.ts";

/** The work in one piece. */
export interface RunWork<Input> {
  readonly run: (context: JobContext<Input>) => Promise<RunResult | void>;
}

/** The work of a job that maintains the runs of all others. */
export interface UpkeepWork<Input> {
  /**
   * The job runs even while jobs are switched off, and its context has `layer`. Only for the layer's own jobs, and for
   * a monitor of what stands still.
   */
  readonly upkeep: true;
  readonly run: (context: UpkeepContext<Input>) => Promise<RunResult | void>;
}

/** For event jobs whose runs one statement can do: all that are not failed succeed. */
export interface BatchWork<Input> {
  readonly runBatch: (context: BatchContext<Input>) => Promise<void>;
}

/** Items, and the work for each of them or for some of them together. */
export type ItemWork<Input, Item> = Items<Input, Item> &
  (
    | (EachItem<Input, Item> & Without<EachBatch<Input, Item>>)
    | (EachBatch<Input, Item> & Without<EachItem<Input, Item>>)
  );

interface Items<Input, Item> {
  /** What to work on, one element an item. */
  readonly items: (context: JobContext<Input>) => Iterable<Item> | AsyncIterable<Item> | Promise<Iterable<Item>>;
  /** Names the item in failures and logs. */
  readonly key: (item: Item) => string;
  readonly total?: (context: JobContext<Input>) => Promise<number>;
  /** The run fails when a larger share of the items fails. Default: any share is tolerated. */
  readonly tolerate?: `${number}%`;
  /**
   * The number of items that `tolerate` is a share of, where an attempt has only those that the ones before it left.
   * Default, and at least: the items of the attempt.
   */
  readonly tolerateOf?: (context: JobContext<Input>) => Promise<number>;
}

interface EachItem<Input, Item> {
  /**
   * Processes one item and returns what happened to it (`"renewed"`, `"declined"`); the layer counts these outcomes.
   */
  readonly each: (item: Item, context: JobContext<Input>) => Promise<string>;
}

interface EachBatch<Input, Item> {
  /**
   * Most items of one `eachBatch` call. The layer prefetches the next items, so `items` must not wait for that call.
   */
  readonly batchOf: number;
  /** How many items this one counts as, where some are much larger than others: it closes a batch early. Default 1. */
  readonly weight?: (item: Item) => number;
  /**
   * Processes some items in one transaction and returns what happened to each, in their order: an outcome to count, or
   * the error of an item that failed. A `Snooze` as the error of an item lets the run wait when all items are done.
   * When it throws, the layer calls it again for each item alone.
   */
  readonly eachBatch: (items: readonly Item[], context: JobContext<Input>) => Promise<readonly (string | Error)[]>;
}

/** Forbids each part of another body: two bodies do not compile. */
type Without<Body> = { readonly [Part in keyof Body]?: never };
type AnyItems<Input, Item> = Items<Input, Item> & EachItem<Input, Item> & EachBatch<Input, Item>;
type NoUpkeep = { readonly upkeep?: false | undefined };

/** The body of a job: exactly one of its four forms. */
export type Work<Input, Item> =
  | (RunWork<Input> & NoUpkeep & Without<AnyItems<Input, Item>> & Without<BatchWork<Input>>)
  | (UpkeepWork<Input> & Without<AnyItems<Input, Item>> & Without<BatchWork<Input>>)
  | (ItemWork<Input, Item> & NoUpkeep & Without<RunWork<Input>> & Without<BatchWork<Input>>)
  | (BatchWork<Input> & NoUpkeep & Without<RunWork<Input>> & Without<AnyItems<Input, Item>>);
