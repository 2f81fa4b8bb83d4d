import type { Route } from "#http/route.ts";
import { getJobsHealth } from "./get-jobs-health.ts";
import { healthLive } from "./health-live.ts";
import { healthReady } from "./health-ready.ts";

/** The routes of this area, in the order in which the functions are registered. */
export const routes: readonly Route[] = [healthLive, healthReady, getJobsHealth];
