import type { Executor } from "#data/client.ts";
import { partialRefusals, type Refusal, refusalOf } from "#jobs/gates.ts";
import type { Job } from "#jobs/job.ts";
import type { RunnerDependencies } from "./dependencies.ts";

type SettingsGates = Pick<RunnerDependencies, "settingsOf" | "gates">;

/** Why settings keep every run of a job from running, without a question to the database; null when they do not. */
export function settingsRefusal({ settingsOf, gates }: SettingsGates, job: Job): Refusal | null {
  if (!settingsOf(job).enabled) return { code: "disabled", reason: "the job is switched off" };
  return refusalOf(job.gates, gates());
}

/**
 * Why settings keep each of some runs of a job from running, in their order; null for those that may run. Equal
 * refusals are the same object. It asks the database only while a gate that concerns some runs is closed.
 */
export async function settingsRefusals(
  deps: SettingsGates,
  db: Executor,
  job: Job,
  runs: readonly { readonly input: unknown }[],
): Promise<(Refusal | null)[]> {
  const whole = settingsRefusal(deps, job);
  const refusals = runs.map(() => whole);
  if (whole) return refusals;
  for (const { concerns, refusal } of partialRefusals(job.gates, deps.gates())) {
    // A run with an invalid input starts, and its attempt fails with the reason.
    const readable = runs.flatMap(({ input }, index) => {
      const { success, data } = job.input.safeParse(input);
      return success ? [{ data, index }] : [];
    });
    const inputs = readable.map(({ data }) => data);
    const isConcerned = await concerns(db, inputs);
    for (const [n, { index }] of readable.entries()) if (isConcerned[n]) refusals[index] ??= refusal;
  }
  return refusals;
}
