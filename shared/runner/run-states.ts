import type { RunState } from "#data/platform/platform-schema.ts";

/**
 * The states of a run and its legal moves: the one table. Guarded updates refuse every other move, and constraints of
 * the ledger refuse rows that do not match their state.
 */
export const legalMoves: Readonly<Record<RunState, readonly RunState[]>> = {
  // Waits for its first attempt. A claim starts it, a person cancels it, a gate or a setting skips it.
  queued: ["running", "cancelled", "skipped"],
  // One process holds its lease. The ending of the attempt decides the move; an expired lease counts as a failed
  // attempt.
  running: ["succeeded", "retrying", "dead", "cancelled"],
  // Waits for its next attempt, not before `not_before`: after an error, a snooze, a graceful stop, an expired lease or
  // a closed gate.
  retrying: ["running", "cancelled", "skipped"],
  // Final. The work returned; items may have failed.
  succeeded: [],
  // Final: a dead letter. No attempt is left, or the class of the error allows no retry. A replay is a new run.
  dead: [],
  // Final: a gate, a setting, a pause, an overlap, the policy for missed slots or `maxLateness`. The reason is stored.
  skipped: [],
  // Final. A person, a later slot (`overlap`) or the job itself (`Cancel`) ended it.
  cancelled: [],
};

/** Whether a run in this state can be claimed. */
export function isWaiting(state: RunState): boolean {
  return legalMoves[state].includes("running");
}

/** Whether a run in this state ended without success: its job discards it. */
export function isDiscarded(state: RunState): boolean {
  return legalMoves[state].length === 0 && state !== "succeeded";
}
