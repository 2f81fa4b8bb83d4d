import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { OPERATORS } from "#notifications/notification.ts";
import { constraintsSchema } from "#rules/tax-liens/constraints.ts";
import { startAnalysis } from "./start-analysis.ts";

export const requestAnalysis = defineRoute({
  method: "POST",
  path: "api/analysis/runs",
  access: "key",
  idempotent: true,
  summary:
    "Search the available liens of counties for deals under an investor's constraints; its end notifies the recipient",
  body: z.strictObject({
    constraints: constraintsSchema,
    recipient: z.string().trim().min(1).max(200).default(OPERATORS),
  }),
  response: z.object({ analysis: z.uuid(), run: z.uuid() }),
  handle({ app, body, caller: requestedBy, header }) {
    const { constraints, recipient } = body;
    const request = { header, payload: { analyse: body } };
    return startAnalysis(app, request, { recipient, requestedBy }, async () => ({ constraints }));
  },
});
