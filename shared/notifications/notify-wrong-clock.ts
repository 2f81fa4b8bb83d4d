import type { Db } from "#data/client.ts";
import type { NotifyingApp } from "./notifier.ts";
import { warnOperators } from "./warn-operators.ts";

/** Notifies the operators of a process whose clock is wrong, at most once an hour for each process. */
export async function notifyWrongClock(
  app: NotifyingApp & { readonly db: Db },
  { holder, fault }: { holder: string; fault: string },
): Promise<void> {
  await app.db.transaction((tx) =>
    warnOperators(app, tx, {
      about: holder,
      type: "process.clock_wrong",
      title: "A process has a wrong clock and starts no slots",
      body: `${fault} (${holder}). Other processes start the slots of all schedules; with no other process, none start. Set the clock of its machine.`,
      data: { process: holder },
    }),
  );
}
