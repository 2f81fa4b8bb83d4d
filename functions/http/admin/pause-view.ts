import { z } from "zod";
import { auditReason } from "../audit-reason.ts";
import { pauseSchema } from "./controls-view.ts";

/** The scope of a pause, in a request. */
export const scopeField = z.string().describe("all, family:<id> or job:<id>; aliases: global, a bare family id");

/** Without `until`, the pause ends when an operator resumes the scope. */
export const pauseBody = z.strictObject({
  reason: auditReason,
  until: z.string().optional().describe("An instant (2026-04-01T06:00:00Z) or a duration (2h)"),
});
export const resumeBody = z.strictObject({ reason: auditReason.optional() });

export const pausedSchema = pauseSchema.extend({ paused: z.literal(true) });
export const resumedSchema = z.object({
  scope: pauseSchema.shape.scope,
  paused: z.literal(false),
  wasPaused: z.boolean(),
  sent: z.int().describe("Waiting runs that were dispatched"),
});
