import { afterTick, everySecond, flaky, small } from "./jobs/jobs.ts";
import { publishOutbox, rescueStuckRuns, runJob } from "./http/routes.ts";

/** The app of the crash campaign: jobs that leave one effect each, behind a unique key, and the layer's own upkeep. */
export const jobs = [rescueStuckRuns, publishOutbox, everySecond, afterTick, flaky, small];
export const routes = [runJob];
