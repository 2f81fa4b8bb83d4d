import type { Db } from "#data/client.ts";
import { OPERATORS } from "./notification.ts";
import { notifier, type NotifyingApp } from "./notifier.ts";
import { notify } from "./notify.ts";

/** Notifies the operators of a process whose clock is wrong, at most once an hour for each process. */
export async function notifyWrongClock(
  app: NotifyingApp & { readonly db: Db },
  { holder, fault }: { holder: string; fault: string },
): Promise<void> {
  const hour = app.clock.now().toISOString().slice(0, "2026-03-10T12".length);
  const context = notifier(app, { family: "platform", who: "job layer" });
  await app.db.transaction((tx) =>
    notify(context, tx, [
      {
        recipient: OPERATORS,
        type: "process.clock_wrong",
        severity: "WARN",
        title: "A process has a wrong clock and starts no slots",
        body: `${fault} (${holder}). Other processes start the slots of all schedules; with no other process, none start. Set the clock of its machine.`,
        data: { process: holder },
        dedupeKey: `process.clock_wrong:${holder}:${hour}`,
      },
    ]),
  );
}
