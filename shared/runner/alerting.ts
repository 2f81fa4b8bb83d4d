import type { Tx } from "#data/client.ts";
import type { Run } from "#data/platform/schema.ts";
import type { RunnerDependencies } from "./dependencies.ts";

/** Tells of runs that failed for good. Never throws: a run must not stay open because nobody could be told. */
export async function alertOf(
  { alert, log }: Pick<RunnerDependencies, "alert" | "log">,
  tx: Tx,
  dead: readonly Run[],
): Promise<void> {
  if (!alert || dead.length === 0) return;
  try {
    // In a savepoint, so that what fails in it spoils nothing else.
    await tx.transaction((savepoint) => alert(savepoint, dead));
  } catch (error) {
    log.error("Nobody was told of runs that failed for good; see the dead letters", { runs: dead.length, error });
  }
}
