import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { applyControls } from "#operations/controls-change.ts";
import { auditReason } from "../audit-reason.ts";
import { controlsSchema, familiesOf, readControls } from "./controls-view.ts";

export const changeControls = defineRoute({
  method: "PATCH",
  path: "api/admin/controls",
  access: "operator",
  summary: "Change controls of the whole app or of a family, with the reason; the response has the new state",
  body: z.strictObject({
    scope: z.string().default("all").describe("all or family:<id>; aliases: global, a bare family id"),
    reason: auditReason,
    killSwitch: z.boolean().optional(),
    jobsEnabled: z.boolean().optional(),
    writeEnabled: z.boolean().optional(),
    commsEnabled: z.boolean().optional(),
    quietHours: z.strictObject({ from: z.string(), to: z.string(), zone: z.string() }).nullable().optional(),
  }),
  response: controlsSchema,
  async handle({ app, body, caller }) {
    const { scope, reason, quietHours, ...flags } = body;
    const by = { families: await familiesOf(app), who: caller, reason };
    await applyControls(app, { scope, flags: given(flags), quietHours }, by);
    return { json: await readControls(app) };
  },
});

function given(flags: Record<string, boolean | undefined>): Record<string, boolean> {
  return Object.fromEntries(
    Object.entries(flags).flatMap(([name, flag]) => (flag === undefined ? [] : [[name, flag]])),
  );
}
