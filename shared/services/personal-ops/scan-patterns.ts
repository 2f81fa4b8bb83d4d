import { listActions, listActionsByHand, listCorrections } from "#data/personal-ops/action-facts.ts";
import { proposePatterns } from "#data/personal-ops/pattern-proposals.ts";
import { storePatterns } from "#data/personal-ops/patterns.ts";
import type { JobContext } from "#jobs/context.ts";
import { findPatterns, HISTORY_DAYS, PROPOSED_FROM } from "#rules/personal-ops/find-patterns.ts";
import type { Pattern } from "#rules/personal-ops/pattern.ts";
import { daysBefore } from "#schedule/duration.ts";

export interface ScannedPatterns {
  readonly patterns: number;
  readonly proposed: number;
  /** Those for which the hour has no place: the next hour has. */
  readonly waiting: number;
}

/** Finds the patterns of the last 24 hours, stores them, and proposes what to do about the more confident ones. */
export async function scanPatterns({
  db,
  asOf,
  clock,
  settings,
  transaction,
}: Pick<JobContext<unknown>, "db" | "asOf" | "clock" | "settings" | "transaction">): Promise<ScannedPatterns> {
  const since = daysBefore(asOf, 1);
  const found = findPatterns({
    actions: await listActions(db, since, asOf),
    byHand: await listActionsByHand(db, daysBefore(asOf, HISTORY_DAYS), asOf),
    corrections: await listCorrections(db, since, asOf),
    since,
    zone: settings.PERSONAL_OPS_TIME_ZONE,
  });
  const now = clock.now();
  return transaction(async (tx) => {
    await storePatterns(tx, found.map(rowOf), now);
    const counts = await proposePatterns(tx, { from: PROPOSED_FROM, seenSince: daysBefore(now, 1), now });
    return { patterns: found.length, ...counts };
  });
}

/** The offer is stored with the figures, for a proposal in a later hour. */
function rowOf({ type, fingerprint, confidence, title, evidence, offer }: Pattern) {
  return { type, fingerprint, confidence, title, evidence: { ...evidence, offer } };
}
