import type { ItemFailure } from "../../data/platform/schema.ts";
import type { Counts, ItemWork, JobContext } from "../define-job.ts";
import { LeaseLost } from "../endings.ts";
import { asError, classify, isDatabaseTrouble } from "../error-class.ts";
import type { Ending } from "./transition.ts";

/** How many item failures a run keeps with their reasons; the rest is a count. */
const KEPT_FAILURES = 100;

/** More items failed than the job tolerates. */
export class TooManyItemsFailed extends Error {
  override name = "TooManyItemsFailed";
}

/**
 * Does the items one after another. A failing item is recorded and stops nobody; an error of the whole batch
 * (database gone, run taken away, signal) ends the attempt.
 */
export async function performItems(
  work: ItemWork<never, never> & { readonly tolerateShare: number },
  context: JobContext<never>,
): Promise<Ending> {
  const outcomes: Counts = {};
  const failures: ItemFailure[] = [];
  let failed = 0;
  let done = 0;
  const total = await work.total?.(context);
  for await (const item of await work.items(context)) {
    context.signal.throwIfAborted();
    try {
      const outcome = await work.each(item, context);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    } catch (thrown) {
      if (context.signal.aborted || thrown instanceof LeaseLost || isDatabaseTrouble(thrown)) throw thrown;
      const error = asError(thrown);
      const failure = { key: work.key(item), class: classify(error), reason: error.message.slice(0, 1_024) };
      failed += 1;
      if (failures.length < KEPT_FAILURES) failures.push(failure);
      context.log.warn("Item failed", { item: failure.key, error });
    }
    done += 1;
    context.progress(done, total);
  }
  if (done > 0 && failed / done > work.tolerateShare) {
    throw new TooManyItemsFailed(
      `${failed} of ${done} items failed, more than the ${work.tolerateShare * 100} % that are tolerated; first: ${failures[0]?.key}: ${failures[0]?.reason}`,
    );
  }
  return { kind: "returned", result: { ...outcomes }, itemFailures: failures, itemFailureCount: failed };
}
