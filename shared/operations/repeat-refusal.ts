import type { Run } from "#data/platform/platform-schema.ts";
import type { RepeatableRun } from "#data/platform/run-repeats.ts";
import type { InvalidInput } from "#jobs/endings.ts";
import { isDiscarded, isWaiting } from "#runner/run-states.ts";

/** A run that was not repeated, and why. */
export interface NotRepeated {
  readonly run: string;
  readonly code: "not-found" | "not-retryable" | "repeat-is-live" | "repeated" | "no-such-job" | "invalid-input";
  readonly reason: string;
  /** The run that already repeats it. */
  readonly rival?: string;
  /** The state of the rival, or of the run itself. */
  readonly state?: Run["state"];
  /** The faults of its input, where they are the reason. */
  readonly issues?: InvalidInput["issues"];
}

/** Which runs of a chain may be repeated: the last one, or one whose later repeats were all skipped or cancelled. */
export type Repeatable = "last" | "open";

/** Why a run cannot be repeated: by its state, or by another run of its chain. Pure. */
export function repeatRefusal({ id, state, rival }: RepeatableRun, which: Repeatable): NotRepeated | null {
  if (!isDiscarded(state)) {
    return { run: id, code: "not-retryable", reason: `a run that is ${state} cannot be retried`, state };
  }
  if (!rival || (which === "open" && (rival.state === "skipped" || rival.state === "cancelled"))) return null;
  const isLive = rival.state === "running" || isWaiting(rival.state);
  return {
    run: id,
    code: isLive ? "repeat-is-live" : "repeated",
    reason: `run ${rival.id} already repeats it and ${rival.state === "succeeded" ? "has succeeded" : `is ${rival.state}`}`,
    rival: rival.id,
    state: rival.state,
  };
}
