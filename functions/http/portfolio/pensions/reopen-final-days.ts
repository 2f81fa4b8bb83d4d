import type { Tx } from "#data/client.ts";
import { recordAudit } from "#data/platform/audit-log.ts";
import { finalDaysSince, reopenDays } from "#data/portfolio/pensions.ts";

/**
 * Makes the final days of a pension from a date on pending again; the audit keeps which they were.
 * @returns how many
 */
export async function reopenFinalDays(
  tx: Tx,
  { pensionId, from, reason, who, at }: { pensionId: string; from: string; reason: string; who: string; at: Date },
): Promise<number> {
  const before = await finalDaysSince(tx, pensionId, from);
  if (!before) return 0;
  await reopenDays(tx, pensionId, from);
  const subject = `pension:${pensionId}`;
  await recordAudit(tx, { at, who, action: "pension days reopened", subject, reason, before, after: { from } });
  return before.days;
}
