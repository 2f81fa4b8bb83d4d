import type { ItemFailure, Progress, RunState, Trigger } from "#data/platform/platform-schema.ts";
import type { ErrorClass } from "#jobs/error-class.ts";

/** What the admin API answers with: the ledger's rows as JSON, so instants are ISO texts. */

export interface JobView {
  readonly id: string;
  readonly family: string;
  readonly summary: string;
  readonly enabled: boolean;
  readonly schedule: { readonly expression: string; readonly timeZone: string; readonly inWords: string } | null;
  readonly next: readonly string[];
  readonly lastRun: Pick<RunSummary, "id" | "state" | "startedAt" | "finishedAt" | "durationMs"> | null;
}

/** One line of a list. */
export interface RunSummary {
  readonly id: string;
  readonly jobId: string;
  readonly family: string;
  readonly trigger: Trigger;
  readonly state: RunState;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly scheduledFor: string | null;
  readonly notBefore: string | null;
  readonly queuedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly progress: Progress | null;
  readonly itemFailureCount: number;
  readonly reason: string | null;
  readonly requestedBy: string | null;
  readonly lastError?: { readonly class: ErrorClass; readonly message: string };
}

export interface RunError {
  readonly attempt: number;
  readonly at: string;
  readonly class: ErrorClass;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** A run, whole. */
export interface RunView extends Omit<RunSummary, "lastError"> {
  readonly input: unknown;
  readonly itemFailures: readonly ItemFailure[] | null;
  readonly errors: readonly RunError[];
  readonly reasonCode: string | null;
  readonly heartbeatAt: string | null;
  readonly leaseHolder: string | null;
  readonly correlationId: string;
  readonly parentRunId: string | null;
  readonly idempotencyKey: string | null;
  readonly cancelRequestedAt: string | null;
}

/** A data set with its elements counted by state, and the first that are late or empty. */
export interface DataSetView {
  readonly id: string;
  readonly state: "fresh" | "stale" | "empty";
  readonly newest: string | null;
  readonly counts: Readonly<Record<"fresh" | "stale" | "empty" | "ended", number>>;
  readonly behind: readonly {
    readonly id: string;
    readonly newest: string | null;
    readonly staleSince: string | null;
  }[];
  /** The elements with points that are held back as implausible. */
  readonly held: readonly { readonly id: string; readonly count: number; readonly oldest: string }[];
}

/** A value that is or was held back as implausible. */
export interface SuspectPointView {
  readonly id: number;
  readonly kind: "price" | "rate" | "contribution";
  readonly subject: string;
  readonly date: string;
  readonly value: string;
  readonly rule: string;
  readonly reason: string;
  readonly state: "held" | "accepted" | "rejected";
}

/** The states in which a run can be, as `--state` takes them. */
export const RUN_STATES = [
  "queued",
  "running",
  "succeeded",
  "retrying",
  "dead",
  "skipped",
  "cancelled",
] as const satisfies readonly RunState[];

/** A provider of `api/admin/providers`. */
export interface ProviderView {
  readonly provider: string;
  readonly state: "closed" | "open" | "half_open";
  readonly trouble: string | null;
  readonly waitingRuns: number;
  readonly limits: readonly {
    readonly name: string;
    readonly kind: "rate" | "quota";
    readonly share: number;
    readonly exhaustedAt: string | null;
  }[];
  readonly lastDay: { readonly calls: number; readonly errors: number; readonly refused: number; readonly usd: number };
}
