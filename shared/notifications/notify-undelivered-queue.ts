import type { Db } from "#data/client.ts";
import { OPERATORS } from "./notification.ts";
import { notifier, type NotifyingApp } from "./notifier.ts";
import { notify } from "./notify.ts";

/** Notifies the operators of a queue whose messages do not arrive, at most once an hour for each queue. */
export async function notifyUndeliveredQueue(
  app: NotifyingApp & { readonly db: Db },
  { queue, run, text }: { queue: string; run: string; text: string },
): Promise<void> {
  const hour = app.clock.now().toISOString().slice(0, "2026-03-10T12".length);
  const context = notifier(app, { family: "platform", who: "job layer" });
  await app.db.transaction((tx) =>
    notify(context, tx, [
      {
        recipient: OPERATORS,
        type: "queue.not_delivering",
        severity: "WARN",
        title: "A queue does not deliver",
        body: `${text}. Scheduled runs start; requested runs, retries and events of this queue wait. Look at the queue and its function, then restart the app.`,
        data: { queue, run },
        dedupeKey: `queue.not_delivering:${queue}:${hour}`,
      },
    ]),
  );
}
