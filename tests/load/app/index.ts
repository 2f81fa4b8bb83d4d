import {
  dispatchOverdueRuns,
  getJobs,
  getJobsHealth,
  getJobWhy,
  getRuns,
  healthLive,
  healthReady,
  rescueStuckRuns,
  runJob,
} from "./http/real-functions.ts";
import { rescueHere } from "./http/rescue-here.ts";
import { tickTogether } from "./http/tick-together.ts";
import { copiesRows } from "./jobs/copies-rows.ts";
import { deafInTheMiddle, middleOfCall, middleOfFinish, middleOfTransaction } from "./jobs/in-the-middle.ts";
import { afterRepeats, calls, callsOnce, flaky, inLine, oneAtATime, oneWrite, repeats } from "./jobs/requests.ts";
import { afterSlot, everyOtherSecond, everySecond, everyThirdSecond, everyYear, nightly } from "./jobs/slots.ts";

/** The app under load: jobs that each write one effect with a unique key, and the upkeep jobs of the layer. */
export const jobs = [
  ...[rescueStuckRuns, dispatchOverdueRuns],
  ...[everySecond, afterSlot, everyThirdSecond, everyOtherSecond, everyYear, nightly],
  ...[flaky, oneWrite, inLine, oneAtATime, repeats, afterRepeats, calls, callsOnce, copiesRows],
  ...[middleOfTransaction, middleOfFinish, middleOfCall, deafInTheMiddle],
];
export const routes = [
  ...[runJob, getJobs, getJobWhy, getRuns, healthLive, healthReady, getJobsHealth],
  ...[rescueHere, tickTogether],
];

/** Disables the timers of the scheduled jobs: settings of the host. */
export const WITHOUT_TIMERS = Object.fromEntries(
  [everySecond, everyThirdSecond, everyOtherSecond, everyYear, nightly].map(({ id }) => [
    `AzureWebJobs.${id.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())}.Disabled`,
    "true",
  ]),
);
