import type { Executor } from "#data/client.ts";
import { readOpsFacts } from "#data/personal-ops/read-ops-facts.ts";
import { type CivilDate, civilDateIn } from "#rules/civil-date.ts";
import type { OpsFacts } from "#rules/personal-ops/ops-facts.ts";

/** The facts of a digest: the 24 hours before `asOf`. */
export const DIGEST_PERIOD_MS = 24 * 3_600_000;
/** The facts of a call: the evening and the night before it. */
export const CALL_PERIOD_MS = 12 * 3_600_000;

/** What happened in the time before an instant. The day is the person's day of that instant. */
export async function factsBefore(
  db: Executor,
  { asOf, periodMs, zone }: { readonly asOf: Date; readonly periodMs: number; readonly zone: string },
): Promise<OpsFacts> {
  const day: CivilDate = civilDateIn(zone, asOf);
  return { day, zone, ...(await readOpsFacts(db, { from: new Date(asOf.getTime() - periodMs), until: asOf })) };
}
