import type { Route } from "#http/route.ts";
import { dismissRetryDeadLetter, replayDeadLetter } from "./decide-on-dead-letter.ts";
import { getAgentAudit } from "./get-agent-audit.ts";
import { getRetryDeadLetters } from "./get-retry-dead-letters.ts";
import { getRetryJobs } from "./get-retry-jobs.ts";

/** The routes of this area, in the order in which the functions are registered. */
export const routes: readonly Route[] = [
  getAgentAudit,
  getRetryJobs,
  getRetryDeadLetters,
  replayDeadLetter,
  dismissRetryDeadLetter,
];
