import type { Db } from "#data/client.ts";
import type { NotifyingApp } from "./notifier.ts";
import { warnOperators } from "./warn-operators.ts";

/** Notifies the operators of a queue whose messages do not arrive, at most once an hour for each queue. */
export async function notifyUndeliveredQueue(
  app: NotifyingApp & { readonly db: Db },
  { queue, run, text }: { queue: string; run: string; text: string },
): Promise<void> {
  await app.db.transaction((tx) =>
    warnOperators(app, tx, {
      about: queue,
      type: "queue.not_delivering",
      title: "A queue does not deliver",
      body: `${text}. Scheduled runs are not affected. Look at the queue and its function; a restart of the app opens a new receiver.`,
      data: { queue, run },
    }),
  );
}
