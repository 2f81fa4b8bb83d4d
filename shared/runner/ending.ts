import type { ItemFailure, Progress, Run } from "#data/platform/platform-schema.ts";
import type { RunResult } from "#jobs/context.ts";
import { Cancel, CancelRequested, GateClosed, Interrupted, Snooze } from "#jobs/endings.ts";
import { asError } from "#jobs/error-class.ts";
import { type ProviderWait, providerWaitOf } from "#jobs/provider-wait.ts";
import { isInstance } from "#redaction/error-causes.ts";
import type { WaitingRun } from "./dispatch.ts";

/** The failed items of an attempt: the first ones with their reasons, and how many there are. */
export interface ItemFacts {
  readonly itemFailures: readonly ItemFailure[];
  readonly itemFailureCount: number;
  /** Those after the first ones, for the job's hook alone. */
  readonly furtherItemFailures?: readonly ItemFailure[];
}

/** Every failed item of an attempt that was kept with its reason. */
export function allItemFailures(ending: OpenEnding): readonly ItemFailure[] {
  const { itemFailures = [], furtherItemFailures = [] }: Partial<ItemFacts> = "itemFailures" in ending ? ending : {};
  return [...itemFailures, ...furtherItemFailures];
}

/** How one attempt ended. `finished`: its own last transaction has completed the run already (`context.finish`). */
export type Ending = OpenEnding | { readonly kind: "finished"; readonly completed: Completed };

/** An ending whose run is not completed yet: `transition` decides the next state from it. */
export type OpenEnding =
  | ({ readonly kind: "returned"; readonly result: RunResult } & ItemFacts)
  | ({ readonly kind: "threw"; readonly error: Error } & Partial<ItemFacts>)
  | { readonly kind: "cancelled"; readonly reason: string }
  | ({
      readonly kind: "snoozed";
      readonly delayMs: number;
      readonly reason: string;
      /** The provider that it waits for. */
      readonly provider?: Pick<ProviderWait, "provider" | "failingSince">;
    } & Partial<ItemFacts>)
  | { readonly kind: "interrupted" }
  /** A gate closed during the attempt. */
  | { readonly kind: "blocked"; readonly code: string; readonly reason: string };

/** A run after its attempt, with what `complete` writes into the ledger. */
export interface Executed<How extends Ending = Ending> {
  readonly run: Run;
  readonly ending: How;
  /** The last report of the work; it replaces what the heartbeat stored. */
  readonly progress: Progress | null;
}

/** What a completion wrote. `announce` continues from it after the commit. */
export interface Completed {
  /** The runs as they are now, without those that another process holds. `error`: what the attempt threw. */
  readonly runs: readonly { readonly run: Run; readonly error: Error | undefined }[];
  /** Runs that can start now: the next of a chain, and the first that waited for a concurrency key that is free now. */
  readonly unblocked: readonly WaitingRun[];
}

/** The ending of work that returned. */
export function returned(
  result: RunResult,
  items: ItemFacts = { itemFailures: [], itemFailureCount: 0 },
): Extract<OpenEnding, { kind: "returned" }> {
  return { kind: "returned", result, ...items };
}

/** The ending of work that threw. */
export function endingOf(thrown: unknown): OpenEnding {
  if (isInstance(thrown, Cancel) || isInstance(thrown, CancelRequested)) {
    return { kind: "cancelled", reason: thrown.message };
  }
  if (isInstance(thrown, GateClosed)) return { kind: "blocked", code: thrown.code, reason: thrown.message };
  if (isInstance(thrown, Snooze)) return { kind: "snoozed", delayMs: thrown.delayMs, reason: thrown.message };
  if (isInstance(thrown, Interrupted)) return { kind: "interrupted" };
  const wait = providerWaitOf(thrown);
  if (wait) return { kind: "snoozed", delayMs: wait.waitMs, reason: wait.reason, provider: wait };
  return { kind: "threw", error: asError(thrown) };
}
