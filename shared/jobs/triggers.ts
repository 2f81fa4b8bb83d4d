import type { z } from "zod";
import type { Schedule } from "#schedule/index.ts";

/** No timer: the job runs when a person, another job or an event requests it. */
export const manual = { kind: "manual" } as const;
export type Manual = typeof manual;

/** No timer, but a queue and a function of its own: for jobs with many small requests, so that they scale alone. */
export interface OnEvent {
  readonly kind: "event";
  /** Most runs that one invocation takes. */
  readonly batch: number;
}

/**
 * Makes the trigger of an event-driven job.
 * @param batch most runs that one invocation takes. Default 100; 1 for long work, whose message lock is then renewed
 * @throws RangeError when the batch is not a whole number from 1 to 1000
 */
export function event({ batch = 100 }: { batch?: number } = {}): OnEvent {
  if (!Number.isInteger(batch) || batch < 1 || batch > 1_000) {
    throw new RangeError(`expected a batch of 1 to 1000 runs, got ${batch}`);
  }
  return { kind: "event", batch };
}

export type Trigger = Schedule | Manual | OnEvent;

/** A scheduled run has no input, so its schema must accept `{}`. */
export type TriggerFor<Schema extends z.ZodType> =
  | { readonly on: Manual | OnEvent }
  | (Record<string, never> extends z.input<Schema>
      ? { readonly on: Schedule }
      : { readonly on: Manual & "a scheduled job gets no input: make each field optional or give it a default" });

/**
 * What happens to slots that passed while the app was down: `skip` them, run the newest `once` for all, or run `all`.
 */
export type Missed = "skip" | "once" | "all";
