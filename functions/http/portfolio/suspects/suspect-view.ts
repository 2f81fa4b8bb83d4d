import { z } from "zod";
import { SUSPECT_KINDS, type SuspectPoint } from "#data/portfolio/suspect-schema.ts";
import { decimal } from "../etf-view.ts";

/** A suspect point as the API shows it. */
export const suspectSchema = z.object({
  id: z.int(),
  kind: z.enum(SUSPECT_KINDS),
  subject: z.string().describe("The symbol of the ETF, the currency, or the id of the pension"),
  date: z.iso.date(),
  value: decimal.describe("The close, the rate or the amount"),
  expected: decimal.nullable().describe("What it was compared with"),
  source: z.string(),
  rule: z.string(),
  reason: z.string(),
  state: z.enum(["held", "accepted", "rejected"]),
  foundAt: z.iso.datetime(),
  resolution: z.string().nullable().describe("Why it was accepted or rejected"),
  resolvedBy: z.string().nullable().describe("A person, or rota for a later answer"),
  resolvedAt: z.iso.datetime().nullable(),
});

export function suspectView(point: SuspectPoint): z.input<typeof suspectSchema> {
  const { id, kind, subject, date, value, expected, source, rule, reason, state, resolution, resolvedBy } = point;
  const [foundAt, resolvedAt] = [point.foundAt.toISOString(), point.resolvedAt?.toISOString() ?? null];
  return {
    id,
    kind,
    subject,
    date,
    value,
    expected,
    source,
    rule,
    reason,
    state,
    foundAt,
    resolution,
    resolvedBy,
    resolvedAt,
  };
}

/** A held point in an answer about its series. */
export const heldSchema = suspectSchema.pick({
  id: true,
  date: true,
  value: true,
  source: true,
  rule: true,
  reason: true,
});

export function heldView({ id, date, value, source, rule, reason }: SuspectPoint): z.input<typeof heldSchema> {
  return { id, date, value, source, rule, reason };
}
