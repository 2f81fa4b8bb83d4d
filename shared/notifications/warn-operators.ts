import type { Tx } from "#data/client.ts";
import { type NewNotification, OPERATORS } from "./notification.ts";
import { notifier, type NotifyingApp } from "./notifier.ts";
import { notify } from "./notify.ts";

interface OperatorWarning extends Pick<NewNotification, "type" | "title" | "body" | "data"> {
  /** What it is about: each has a notification of its own. Default: one notification for all. */
  readonly about?: string;
}

/** Warns the operators in the name of the job layer, at most once an hour for what the warning is about. */
export async function warnOperators(app: NotifyingApp, tx: Tx, { about, ...warning }: OperatorWarning): Promise<void> {
  const hour = app.clock.now().toISOString().slice(0, "2026-03-10T12".length);
  const dedupeKey = [warning.type, about, hour].filter((part) => part !== undefined).join(":");
  const context = notifier(app, { family: "platform", who: "job layer" });
  await notify(context, tx, [{ ...warning, recipient: OPERATORS, severity: "WARN", dedupeKey }]);
}
