import { z } from "zod";
import type { Effect } from "#data/platform/effects.ts";
import { redact } from "#redaction/redact.ts";
import { instant } from "./field-schemas.ts";

/** An effect outside the database, as the admin API shows it. */
export const effectSchema = z.object({
  key: z.string().describe("Names it for ever"),
  state: z
    .enum(["intended", "done", "parked"])
    .describe("parked: nobody knows whether it happened; a person has to look"),
  runId: z.uuid().describe("The run that began it"),
  intendedAt: instant,
  settledAt: instant.nullable(),
  outcome: z.unknown().describe("What a repeat gets instead of a second effect"),
});

/** The key is shown as it is: it is what the effect is settled by. */
export function effectView({ key, state, runId, intendedAt, settledAt, outcome }: Effect): Record<string, unknown> {
  return { key, state, runId, intendedAt, settledAt, outcome: redact(outcome) };
}
