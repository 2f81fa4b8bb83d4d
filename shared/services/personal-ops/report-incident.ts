import type { Tx } from "#data/client.ts";
import { type IncidentCause, raiseIncident } from "#data/personal-ops/incidents.ts";
import { notify, type NotifyContext } from "#notifications/notify.ts";

/**
 * Records the cause of an incident and notifies the person, in the caller's transaction, when it begins. An incident
 * that counts on is not notified again.
 * @returns whether it began
 */
export async function reportIncident(context: NotifyContext, tx: Tx, cause: IncidentCause): Promise<boolean> {
  const { id, isNew } = await raiseIncident(tx, cause, context.clock.now());
  if (!isNew) return false;
  const { type, key, severity, title, detail = "" } = cause;
  await notify(context, tx, [
    {
      recipient: context.settings.PERSONAL_OPS_RECIPIENT,
      type: `personal_ops.${type}`,
      severity,
      title,
      body: detail,
      data: { incident: id, key },
      dedupeKey: `incident:${id}`,
    },
  ]);
  return true;
}
