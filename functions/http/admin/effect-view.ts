import { z } from "zod";
import type { Effect } from "#data/platform/effects.ts";
import { redact } from "#redaction/redact.ts";
import { instant } from "./field-schemas.ts";

/** An effect outside the database, as the admin API shows it. */
export const effectSchema = z.object({
  key: z.string().describe("Identifies the effect permanently"),
  state: z
    .enum(["intended", "done", "parked"])
    .describe("parked: it is unknown whether it happened; an operator has to find out"),
  runId: z.uuid().describe("The run that started it"),
  intendedAt: instant,
  settledAt: instant.nullable(),
  outcome: z.unknown().describe("What a repeat gets instead of a second effect"),
});

/** The key is not redacted: it identifies the effect in requests. */
export function effectView({ key, state, runId, intendedAt, settledAt, outcome }: Effect): Record<string, unknown> {
  return { key, state, runId, intendedAt, settledAt, outcome: redact(outcome) };
}
