import type { Tx } from "#data/client.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import type { RunnerDependencies } from "./dependencies.ts";

/** Alerts about the dead ones of some runs. Never throws: an alert that fails must not keep a run open. */
export async function alertAboutDeadRuns(
  { alert, log }: Pick<RunnerDependencies, "alert" | "log">,
  tx: Tx,
  runs: readonly Run[],
): Promise<void> {
  if (!alert) return;
  const dead = runs.filter(({ state }) => state === "dead");
  if (dead.length === 0) return;
  try {
    // In a savepoint, so that its failure spoils nothing else.
    await tx.transaction((savepoint) => alert(savepoint, dead));
  } catch (error) {
    log.error("Alerting about dead runs failed; see the dead letters", { runs: dead.length, error });
  }
}
