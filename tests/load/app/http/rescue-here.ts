import { defineRoute } from "#http/route.ts";

/** Does in the process that is asked what `rescue_stuck_runs` does each minute. */
export const rescueHere = defineRoute({
  method: "POST",
  path: "api/load/rescue",
  access: "operator",
  summary: "Rescue runs and wake waiting ones, here and now",
  async handle({ app }) {
    return { json: { ...(await app.runner.rescueExpiredRuns()), woken: await app.runner.dispatchOverdueRuns() } };
  },
});
