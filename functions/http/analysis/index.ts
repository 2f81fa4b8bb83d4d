import type { Route } from "#http/route.ts";
import { decideOnDeals } from "./decide-on-deals.ts";
import { getAnalyses } from "./get-analyses.ts";
import { getAnalysis } from "./get-analysis.ts";
import { getDecisions } from "./get-decisions.ts";
import { requestAnalysis } from "./request-analysis.ts";

/** The routes of this area, in the order in which the functions are registered. */
export const routes: readonly Route[] = [requestAnalysis, getAnalyses, getAnalysis, decideOnDeals, getDecisions];
