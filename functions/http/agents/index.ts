import type { Route } from "#http/route.ts";
import { getEpisode } from "./get-episode.ts";
import { orchestrateAnalysis } from "./orchestrate-analysis.ts";

/** The routes of this area, in the order in which the functions are registered. */
export const routes: readonly Route[] = [orchestrateAnalysis, getEpisode];
