import { z } from "zod";
import type { County } from "#data/tax-liens/tax-lien-schema.ts";
import { countySourceSchema } from "#providers/county-lists/county-source.ts";
import { ruleOverridesSchema } from "#rules/tax-liens/list-rules.ts";
import { RULE_SET_IDS } from "#rules/tax-liens/rule-sets.ts";
import { checkZoneName } from "#schedule/zone-name.ts";

/** The configuration of a county. */
export const countyConfiguration = z.strictObject({
  name: z.string().trim().min(1).max(200),
  state: z.string().regex(/^[A-Z]{2}$/, "expected two capital letters such as AZ"),
  active: z.boolean().default(true).describe("Whether its list is ingested every day"),
  timeZone: z.string().superRefine((name, context) => {
    checkZoneName(name, (message) => {
      context.addIssue({ code: "custom", message });
    });
  }),
  ruleSet: z.enum(RULE_SET_IDS),
  rules: ruleOverridesSchema.default({}).describe("Overrides of its rule set"),
  source: countySourceSchema.describe("The source and format of its list: docs/tax-liens.md"),
});

/** A county as the API shows it. */
export const countySchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.string(),
  active: z.boolean(),
  timeZone: z.string(),
  ruleSet: z.string(),
  rules: z.record(z.string(), z.unknown()),
  source: z.record(z.string(), z.unknown()),
  lastRows: z.number().nullable(),
  lastIngestedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});

export function countyView(county: County): z.input<typeof countySchema> {
  const text = (instant: Date) => instant.toISOString();
  const { lastIngestedAt, createdAt, updatedAt } = county;
  return {
    ...county,
    source: { ...county.source },
    rules: { ...county.rules },
    lastIngestedAt: lastIngestedAt && text(lastIngestedAt),
    createdAt: text(createdAt),
    updatedAt: text(updatedAt),
  };
}
