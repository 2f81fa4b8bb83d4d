/** All that a job file needs from the job layer. */
export { effectiveSettings } from "./changeable-settings.ts";
export {
  type BatchContext,
  type BatchedRun,
  type Counts,
  type FailedItem,
  type JobContext,
  type Page,
  type PageResult,
  type RunResult,
  type UpkeepContext,
} from "./context.ts";
export { defineJob } from "./define-job.ts";
export { Cancel, InvalidInput, Snooze } from "./endings.ts";
export { asError } from "./error-class.ts";
export { type Family } from "./family.ts";
export { comms, configured, type Gate, internet, internetFor, quietHours, writes } from "./gates.ts";
export { issuesOf } from "./input.ts";
export { type InputFacts } from "./input-facts.ts";
export { isScheduled, type Job } from "./job.ts";
export { type JobLog } from "./job-log.ts";
export { exponential, linear, noRetries, type RetryPolicy } from "./retry.ts";
export { event, manual } from "./triggers.ts";
export { type Clock } from "#schedule/clock.ts";
export { daysBefore, type Duration } from "#schedule/duration.ts";
export { type Schedule, schedule } from "#schedule/index.ts";
export { z } from "zod";
