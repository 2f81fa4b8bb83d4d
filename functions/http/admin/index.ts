import type { Route } from "#http/route.ts";
import { abortBackfillOfJob, deleteBackfill } from "./abort-backfill.ts";
import { cancelRun } from "./cancel-run.ts";
import { changeControls } from "./change-controls.ts";
import { dismissDeadLetter } from "./dismiss-dead-letter.ts";
import { getAudit } from "./get-audit.ts";
import { getBackfill } from "./get-backfill.ts";
import { getControls } from "./get-controls.ts";
import { getDataSet } from "./get-data-set.ts";
import { getDeadLetters } from "./get-dead-letters.ts";
import { getEffects } from "./get-effects.ts";
import { getFreshness } from "./get-freshness.ts";
import { getJob } from "./get-job.ts";
import { getJobWhy } from "./get-job-why.ts";
import { getJobs } from "./get-jobs.ts";
import { getMe } from "./get-me.ts";
import { getProviders } from "./get-providers.ts";
import { getRun } from "./get-run.ts";
import { getRuns } from "./get-runs.ts";
import { getSchedule } from "./get-schedule.ts";
import { getStats } from "./get-stats.ts";
import { pauseJob } from "./pause-job.ts";
import { pauseScope } from "./pause-scope.ts";
import { replayDeadLetters } from "./replay-dead-letters.ts";
import { resolveEffect } from "./resolve-effect.ts";
import { resumeJob } from "./resume-job.ts";
import { resumeScope } from "./resume-scope.ts";
import { retryRun } from "./retry-run.ts";
import { retryRuns } from "./retry-runs.ts";
import { runJob } from "./run-job.ts";
import { startBackfill } from "./start-backfill.ts";
import { closeProvider, openProvider } from "./switch-provider.ts";

/** The routes of this area, in the order in which the functions are registered. */
export const routes: readonly Route[] = [
  getMe,
  getJobs,
  getJob,
  getJobWhy,
  runJob,
  pauseJob,
  resumeJob,
  startBackfill,
  getBackfill,
  deleteBackfill,
  abortBackfillOfJob,
  pauseScope,
  resumeScope,
  getRuns,
  retryRuns,
  getRun,
  cancelRun,
  retryRun,
  getDeadLetters,
  replayDeadLetters,
  dismissDeadLetter,
  getEffects,
  resolveEffect,
  getControls,
  changeControls,
  getAudit,
  getSchedule,
  getStats,
  getFreshness,
  getDataSet,
  getProviders,
  openProvider,
  closeProvider,
];
