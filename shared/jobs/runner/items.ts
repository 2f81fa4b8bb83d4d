import type { ItemWork, JobContext } from "../define-job.ts";
import { Cancel, LeaseLost, Snooze } from "../endings.ts";
import { asError, isDatabaseGone, type ErrorClass } from "../error-class.ts";
import { isA } from "../thrown.ts";
import { ItemFailures } from "./item-failures.ts";
import { returned, type Ending } from "./transition.ts";

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

/**
 * Does the items one after another. A failing item is recorded and stops nobody; an error of the whole batch (database
 * gone, run taken away, signal) and the job's own word (Cancel, Snooze) end the attempt.
 */
export async function performItems(
  work: ItemWork<never, never> & { readonly tolerateShare: number },
  context: JobContext<never>,
): Promise<Ending> {
  const outcomes = new Map<string, number>();
  const failures = new ItemFailures();
  let done = 0;
  const total = await work.total?.(context);
  for await (const item of await work.items(context)) {
    context.signal.throwIfAborted();
    try {
      const outcome = await work.each(item, context);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch (thrown) {
      if (context.signal.aborted || endsTheAttempt(thrown)) throw thrown;
      failures.record(keyOf(work, item, done), asError(thrown), context.log);
    }
    done += 1;
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
