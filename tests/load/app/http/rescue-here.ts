import { defineRoute } from "#http/route.ts";

/** Does the work of `rescue_stuck_runs` in the called process. */
export const rescueHere = defineRoute({
  method: "POST",
  path: "api/load/rescue",
  access: "operator",
  summary: "Rescue expired runs and dispatch overdue ones in this process",
  async handle({ app }) {
    return { json: { ...(await app.runner.rescueExpiredRuns()), woken: await app.runner.dispatchOverdueRuns() } };
  },
});
