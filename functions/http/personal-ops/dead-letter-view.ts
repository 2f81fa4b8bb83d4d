import { z } from "zod";
import type { Tx } from "#data/client.ts";
import { type DeadLetterJob, lockDeadLetterJob } from "#data/personal-ops/retry-jobs.ts";
import { notFound, Problem } from "#http/problem.ts";
import { redact } from "#redaction/redact.ts";
import { serialField } from "#rules/input-fields.ts";
import { fields, instant } from "../admin/field-schemas.ts";

export const deadLetterPath = z.strictObject({ id: serialField });

export const deadLetterSchema = z.object({
  id: z.int(),
  retryJobId: z.int(),
  kind: z.string(),
  payload: fields,
  error: z.string(),
  attempts: z.int(),
  diedAt: instant,
  resolvedAt: instant.nullable(),
  resolution: z.enum(["replayed", "dismissed"]).nullable(),
  resolvedBy: z.string().nullable(),
  reason: z.string().nullable(),
});

export function deadLetterView(letter: DeadLetterJob): z.input<typeof deadLetterSchema> {
  return redact(letter) as z.input<typeof deadLetterSchema>;
}

/** Locks an open dead letter. @throws Problem 404 without it, 409 when a person has decided about it */
export async function lockOpenDeadLetter(tx: Tx, id: number): Promise<DeadLetterJob> {
  const letter = await lockDeadLetterJob(tx, id);
  if (!letter) throw notFound(`there is no dead letter ${id}`);
  const { resolution, resolvedBy, resolvedAt } = letter;
  if (resolution === null) return letter;
  throw new Problem(409, "decided-before", `${resolvedBy} ${resolution} it at ${resolvedAt?.toISOString()}`);
}
