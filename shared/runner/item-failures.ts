import type { ItemFailure } from "#data/platform/platform-schema.ts";
import { classify, type ErrorClass } from "#jobs/error-class.ts";
import type { JobLog } from "#jobs/job-log.ts";
import { redactedText } from "#redaction/redacted-text.ts";
import type { ItemFacts } from "./ending.ts";

/** How many item failures a run keeps and logs with their reasons; the rest is a count. */
const KEPT = 100;

/** The items that a run could not process. */
export class ItemFailures {
  readonly #kept: ItemFailure[] = [];
  readonly classes = new Set<ErrorClass>();
  #count = 0;

  record(key: string, error: Error, log: JobLog): void {
    const errorClass = classify(error);
    this.#count += 1;
    this.classes.add(errorClass);
    if (this.#kept.length >= KEPT) return;
    const failure = { key: redactedText(key, 256), class: errorClass, reason: redactedText(error.message, 1_024) };
    this.#kept.push(failure);
    log.warn("Item failed", { item: failure.key, error });
  }

  facts(): ItemFacts {
    return { itemFailures: this.#kept, itemFailureCount: this.#count };
  }
}
