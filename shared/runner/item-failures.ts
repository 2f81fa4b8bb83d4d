import type { ItemFailure } from "#data/platform/platform-schema.ts";
import type { FailedItem } from "#jobs/context.ts";
import { classify, type ErrorClass } from "#jobs/error-class.ts";
import type { JobLog } from "#jobs/job-log.ts";
import { redactedText } from "#redaction/redacted-text.ts";
import type { ItemFacts } from "./ending.ts";

/** How many item failures the ledger and the log have with their reasons. */
const KEPT = 100;
/** How many more `onTransition` gets, for tables with a row per item; the rest is a count. */
const FURTHER = 10_000;

/** The items that a run could not process. */
export class ItemFailures {
  readonly #kept: ItemFailure[] = [];
  readonly #further: ItemFailure[] = [];
  readonly classes = new Set<ErrorClass>();
  #count = 0;

  record(key: string, error: Error, log: JobLog): void {
    const errorClass = classify(error);
    this.#count += 1;
    this.classes.add(errorClass);
    if (this.#count > KEPT + FURTHER) return;
    const failure = { key: redactedText(key, 256), class: errorClass, reason: redactedText(error.message, 1_024) };
    if (this.#count > KEPT) {
      this.#further.push(failure);
      return;
    }
    this.#kept.push(failure);
    log.warn("Item failed", { item: failure.key, error });
  }

  recordAll(failed: readonly FailedItem[], log: JobLog): void {
    for (const { key, error } of failed) this.record(key, error, log);
  }

  facts(): ItemFacts {
    const further = this.#further.length > 0 && { furtherItemFailures: this.#further };
    return { itemFailures: this.#kept, itemFailureCount: this.#count, ...further };
  }
}
