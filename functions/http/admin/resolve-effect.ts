import { z } from "zod";
import { badRequest, notFound, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { resolveEffect as resolveParked } from "#operations/effect-resolution.ts";
import { auditReason } from "../audit-reason.ts";

export const resolveEffect = defineRoute({
  method: "POST",
  path: "api/admin/effects/{key}/settle",
  access: "operator",
  summary: "Resolve a parked effect: it happened (done), or it did not and is made again (retry); then retry its run",
  params: z.object({ key: z.string() }),
  body: z.strictObject({
    outcome: z.enum(["done", "retry"]),
    result: z
      .json()
      .optional()
      .describe("With done: what the job gets instead of a second effect, such as a provider's message id"),
    reason: auditReason,
  }),
  response: z.object({
    key: z.string(),
    outcome: z.enum(["done", "retry"]),
    runId: z.uuid().describe("The run that started it: retry this run, or the last of those that repeat it"),
  }),
  async handle({ app, params, body: { outcome, result, reason }, caller }) {
    if (outcome === "retry" && result !== undefined) {
      throw badRequest([{ field: "result", reason: "expected none with retry: the effect has not happened yet" }]);
    }
    // The Functions host does not decode a slash.
    const key = params.key.replace(/%2f/gi, "/");
    const found = await resolveParked(app, key, { outcome, result, reason, who: caller });
    if (!found) throw notFound(`there is no effect ${JSON.stringify(key)}`);
    const { state, runId } = found.before;
    if (found.isResolved) return { json: { key, outcome, runId } };
    const detail = `the effect is ${state}: only a parked effect can be resolved by hand`;
    throw new Problem(409, "not-parked", detail, { extra: { state } });
  },
});
