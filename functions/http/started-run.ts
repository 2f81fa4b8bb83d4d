import { z } from "zod";
import type { Run } from "#data/platform/platform-schema.ts";
import { Problem } from "#http/problem.ts";
import type { Reply } from "#http/route.ts";
import { runState } from "./admin/run-view.ts";

/** The response of a route that starts a run. */
export const startedRunSchema = z.object({ run: z.uuid(), state: runState, location: z.string() });

/**
 * The response with a started run: 202, or 200 when an earlier request started it.
 * @throws Problem 409 when a gate is closed
 */
export function startedRunReply({ run, isRepeat }: { run: Run; isRepeat: boolean }): Reply {
  if (run.state === "skipped") throw new Problem(409, run.reasonCode!, run.reason!, { extra: { run: run.id } });
  const location = `/api/admin/runs/${run.id}`;
  return { status: isRepeat ? 200 : 202, headers: { location }, json: { run: run.id, state: run.state, location } };
}
