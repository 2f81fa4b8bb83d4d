import { publishOutbox, rescueStuckRuns, runJob } from "./http/loaded-from-elsewhere.ts";
import { rescueHere } from "./http/rescue-here.ts";
import { tickTogether } from "./http/tick-together.ts";
import { deafInTheMiddle, middleOfCall, middleOfFinish, middleOfTransaction } from "./jobs/in-the-middle.ts";
import { afterRepeats, calls, callsOnce, flaky, inLine, oneAtATime, oneWrite, repeats } from "./jobs/requests.ts";
import { afterSlot, everyOtherSecond, everySecond, everyThirdSecond, everyYear } from "./jobs/slots.ts";

/** The app under load: jobs that leave one effect each, behind a unique key, and the layer's own upkeep. */
export const jobs = [
  ...[rescueStuckRuns, publishOutbox],
  ...[everySecond, afterSlot, everyThirdSecond, everyOtherSecond, everyYear],
  ...[flaky, oneWrite, inLine, oneAtATime, repeats, afterRepeats, calls, callsOnce],
  ...[middleOfTransaction, middleOfFinish, middleOfCall, deafInTheMiddle],
];
export const routes = [runJob, rescueHere, tickTogether];

/** Keeps the timers of the slots still: settings of the host. */
export const WITHOUT_SLOTS = Object.fromEntries(
  [everySecond, everyThirdSecond, everyOtherSecond, everyYear].map(({ id }) => [
    `AzureWebJobs.${id.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())}.Disabled`,
    "true",
  ]),
);
