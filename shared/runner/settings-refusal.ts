import { type Refusal, refusalOf } from "#jobs/gates.ts";
import type { Job } from "#jobs/job.ts";
import type { RunnerDependencies } from "./dependencies.ts";

/** Why settings alone keep a job from running, without a question to the database; null when they do not. */
export function settingsRefusal(
  { settingsOf, gates }: Pick<RunnerDependencies, "settingsOf" | "gates">,
  job: Job,
): Refusal | null {
  if (!settingsOf(job).enabled) return { code: "disabled", reason: "the job is switched off" };
  return refusalOf(job.gates, gates());
}
