import type { JobContext } from "#jobs/context.ts";
import { Snooze } from "#jobs/endings.ts";
import { asError, type ErrorClass } from "#jobs/error-class.ts";
import { type ProviderWait, providerWaitOf } from "#jobs/provider-wait.ts";
import { endsTheAttempt } from "#jobs/whole-run-error.ts";
import type { ItemWork } from "#jobs/work.ts";
import { isInstance } from "#redaction/error-causes.ts";
import { type OpenEnding, returned } from "./ending.ts";
import { ItemFailures } from "./item-failures.ts";
import { prefetchGroups } from "./prefetch.ts";

/** More items failed than the job tolerates. It has the class of their errors where they share one. */
export class TooManyItemsFailed extends Error {
  override name = "TooManyItemsFailed";
  readonly errorClass: ErrorClass;
  constructor(message: string, classes: ReadonlySet<ErrorClass>) {
    super(message);
    const [only = "unknown", ...others] = classes;
    this.errorClass = others.length ? "unknown" : only;
  }
}

type Items = ItemWork<never, never> & { readonly tolerateShare: number };

/**
 * Processes items one after another, or some at a time. An item that fails is recorded and stops no other. An error of
 * the whole run (database gone, lease lost, signal) and a Cancel or Snooze that the job throws end the attempt; a
 * Snooze that `eachBatch` returns for an item ends it after all items, and so does an item that waits for a provider.
 */
export async function executeItems(work: Items, context: JobContext<never>): Promise<OpenEnding> {
  const outcomes = new Map<string, number>();
  const failures = new ItemFailures();
  const waiting: { key: string; delayMs: number; reason: string; provider?: ProviderWait }[] = [];
  let done = 0;
  const total = await work.total?.(context);
  const items = await work.items(context);
  for await (const group of work.eachBatch ? prefetchGroups(items, work.batchOf, work.weight) : singly(items)) {
    context.signal.throwIfAborted();
    const results = await resultsOf(work, group, context);
    for (const [index, result] of results.entries()) {
      if (typeof result === "string") outcomes.set(result, (outcomes.get(result) ?? 0) + 1);
      else if (isInstance(result, Snooze)) {
        const { delayMs, message: reason } = result;
        waiting.push({ key: keyOf(work, group[index]!, done), delayMs, reason });
      } else if (context.signal.aborted || endsTheAttempt(result)) throw result;
      else if (providerWaitOf(result)) {
        const provider = providerWaitOf(result)!;
        const { waitMs: delayMs, reason } = provider;
        waiting.push({ key: keyOf(work, group[index]!, done), delayMs, reason, provider });
      } else failures.record(keyOf(work, group[index]!, done), result, context.log);
      done += 1;
    }
    context.progress(done, total);
  }
  const facts = failures.facts();
  const { itemFailures, itemFailureCount: failed } = facts;
  const isOverShare = (of: number) => failed / of > work.tolerateShare;
  const whole = isOverShare(done) && work.tolerateOf ? Math.max(done, await work.tolerateOf(context)) : done;
  if (isOverShare(whole)) {
    const [first] = itemFailures;
    const message =
      `${failed} of ${whole} items failed, more than the ${Number((work.tolerateShare * 100).toFixed(2))} % ` +
      `that are tolerated; first: ${first?.key}: ${first?.reason}`;
    return { kind: "threw", error: new TooManyItemsFailed(message, failures.classes), ...facts };
  }
  const [first] = waiting;
  if (first) {
    const delayMs = Math.min(...waiting.map(({ delayMs }) => delayMs));
    const reason = `${waiting.length} of ${done} items wait; first: ${first.key}: ${first.reason}`;
    const { provider } = first;
    return { kind: "snoozed", delayMs, reason, ...(provider && { provider }), ...facts };
  }
  return returned(Object.fromEntries(outcomes), facts);
}

/** One at a time: the next item is fetched when the one before it is done. */
async function* singly<Item>(items: Iterable<Item> | AsyncIterable<Item>): AsyncGenerator<readonly [Item]> {
  for await (const item of items) yield [item];
}

/** What happened to each of these items: its outcome, or its error. */
async function resultsOf(
  work: Items,
  items: readonly never[],
  context: JobContext<never>,
): Promise<readonly (string | Error)[]> {
  try {
    if (!work.eachBatch) {
      // A job may return any value; outcomes are counted as text.
      const outcome: unknown = await work.each(items[0]!, context);
      return [String(outcome)];
    }
    const results = await work.eachBatch(items, context);
    if (results.length === items.length) return results;
    throw new TypeError(`eachBatch: expected an outcome for each of ${items.length} items, got ${results.length}`);
  } catch (thrown) {
    if (context.signal.aborted || endsTheAttempt(thrown)) throw thrown;
    // Each of the items would meet the same wait.
    if (items.length === 1 || providerWaitOf(thrown)) return items.map(() => asError(thrown));
    context.log.warn("A batch failed; its items are retried one by one", {
      items: items.length,
      error: asError(thrown),
    });
  }
  const results: (string | Error)[] = [];
  for (const item of items) {
    context.signal.throwIfAborted();
    results.push(...(await resultsOf(work, [item], context)));
  }
  return results;
}

/** A failure is recorded also when the key of the item cannot be read. */
function keyOf(work: Pick<ItemWork<never, never>, "key">, item: never, index: number): string {
  try {
    return work.key(item);
  } catch {
    return `item ${index + 1}`;
  }
}
