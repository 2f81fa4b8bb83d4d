import type { Tx } from "#data/client.ts";
import { type IncidentCause, raiseIncident } from "#data/personal-ops/incidents.ts";
import { notify, type NotifyContext } from "#notifications/notify.ts";

/**
 * Raises incidents of one type and notifies the person of them, in the caller's transaction: at most one notification
 * an hour.
 * @param about what the notification is about: each has one of its own. Default: one for all incidents of the type
 */
export async function alertPerson(
  context: NotifyContext,
  tx: Tx,
  causes: readonly IncidentCause[],
  { about }: { readonly about?: string } = {},
): Promise<void> {
  const [first] = causes;
  if (!first) return;
  const now = context.clock.now();
  const ids: number[] = [];
  for (const cause of causes) ids.push((await raiseIncident(tx, cause, now)).id);
  const others = causes.length > 1 ? ` (and ${causes.length - 1} more)` : "";
  const hour = now.toISOString().slice(0, "2026-03-10T12".length);
  await notify(context, tx, [
    {
      recipient: context.settings.PERSONAL_OPS_RECIPIENT,
      type: `personal_ops.${first.type}`,
      severity: first.severity,
      title: `${first.title}${others}`,
      body: causes.map(({ title, detail = "" }) => [title, detail].filter(Boolean).join(": ")).join("\n"),
      data: { incidents: ids },
      dedupeKey: ["personal_ops", first.type, about, hour].filter((part) => part !== undefined).join(":"),
    },
  ]);
}
