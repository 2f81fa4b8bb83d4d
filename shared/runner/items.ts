import type { ItemWork, JobContext } from "#jobs/define-job.ts";
import { Cancel, LeaseLost, Snooze } from "#jobs/endings.ts";
import { asError, type ErrorClass, isDatabaseGone } from "#jobs/error-class.ts";
import { isA } from "#redaction/error-causes.ts";
import { gathered } from "./gathered.ts";
import { ItemFailures } from "./item-failures.ts";
import { type Ending, returned } from "./transition.ts";

/** More items failed than the job tolerates. Its class is theirs where they share one: what no item survives, no retry will. */
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
 * Does the items one after another, or some at a time. A failing item is recorded and stops nobody; an error of the whole batch
 * (database gone, run taken away, signal) and the job's own word (Cancel, Snooze) end the attempt.
 */
export async function performItems(work: Items, context: JobContext<never>): Promise<Ending> {
  const outcomes = new Map<string, number>();
  const failures = new ItemFailures();
  let done = 0;
  const total = await work.total?.(context);
  const items = await work.items(context);
  for await (const group of work.eachBatch ? gathered(items, work.batchOf, work.weight) : singly(items)) {
    context.signal.throwIfAborted();
    const results = await resultsOf(work, group, context);
    for (const [place, result] of results.entries()) {
      if (typeof result === "string") outcomes.set(result, (outcomes.get(result) ?? 0) + 1);
      else if (context.signal.aborted || endsTheAttempt(result)) throw result;
      else failures.record(keyOf(work, group[place]!, done), result, context.log);
      done += 1;
    }
    context.progress(done, total);
  }
  const facts = failures.facts();
  const { itemFailures, itemFailureCount: failed } = facts;
  if (done > 0 && failed / done > work.tolerateShare) {
    const [first] = itemFailures;
    const message =
      `${failed} of ${done} items failed, more than the ${Number((work.tolerateShare * 100).toFixed(2))} % ` +
      `that are tolerated; first: ${first?.key}: ${first?.reason}`;
    return { kind: "threw", error: new TooManyItemsFailed(message, failures.classes), ...facts };
  }
  return returned(Object.fromEntries(outcomes), facts);
}

/** One at a time: the next item is not asked for before the one before it is done. */
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
      // A job may return whatever it likes; what is counted is text.
      const outcome: unknown = await work.each(items[0]!, context);
      return [String(outcome)];
    }
    const results = await work.eachBatch(items, context);
    if (results.length === items.length) return results;
    throw new TypeError(`eachBatch: expected what happened to ${items.length} items, got ${results.length}`);
  } catch (thrown) {
    if (context.signal.aborted || endsTheAttempt(thrown)) throw thrown;
    if (items.length === 1) return [asError(thrown)];
    context.log.warn("A batch failed; its items are done one by one", { items: items.length, error: asError(thrown) });
  }
  const results: (string | Error)[] = [];
  for (const item of items) {
    context.signal.throwIfAborted();
    results.push(...(await resultsOf(work, [item], context)));
  }
  return results;
}

function endsTheAttempt(thrown: unknown): boolean {
  return isA(thrown, LeaseLost) || isA(thrown, Cancel) || isA(thrown, Snooze) || isDatabaseGone(thrown);
}

/** A failure is recorded also when the item cannot even be named. */
function keyOf(work: Pick<ItemWork<never, never>, "key">, item: never, place: number): string {
  try {
    return work.key(item);
  } catch {
    return `item ${place + 1}`;
  }
}
