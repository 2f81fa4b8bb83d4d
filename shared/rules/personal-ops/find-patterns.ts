import { actionSequences } from "./action-sequences.ts";
import { dailyActions } from "./daily-actions.ts";
import { type ActionFact, byCodeUnits, type Pattern } from "./pattern.ts";
import { type CorrectionFact, repeatedCorrections } from "./repeated-corrections.ts";
import { repeatedFailures } from "./repeated-failures.ts";

/** Patterns from this confidence on are stored. */
export const STORED_FROM = 0.6;
/** Patterns from this confidence on become proposals. */
export const PROPOSED_FROM = 0.7;
/** Days of actions by hand in which `dailyActions` looks for habits: two weeks, so that working days show. */
export const HISTORY_DAYS = 14;

export interface Facts {
  /** What jobs and the person did in the last 24 hours. */
  readonly actions: readonly ActionFact[];
  /** What the person did by hand in the last `HISTORY_DAYS` days. */
  readonly byHand: readonly ActionFact[];
  readonly corrections: readonly CorrectionFact[];
  /** The begin of the last 24 hours. */
  readonly since: Date;
  /** The person's IANA time zone. */
  readonly zone: string;
}

/** The patterns that are to be stored, the most confident ones first; equal facts give an equal list. */
export function findPatterns({ actions, byHand, corrections, since, zone }: Facts): Pattern[] {
  return [
    ...repeatedFailures(actions),
    ...repeatedCorrections(corrections),
    ...dailyActions(byHand, { since, zone }),
    ...actionSequences(actions),
  ]
    .filter(({ confidence }) => confidence >= STORED_FROM)
    .sort((a, b) => b.confidence - a.confidence || byCodeUnits(a.fingerprint, b.fingerprint));
}
