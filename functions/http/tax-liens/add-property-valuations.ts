import { z } from "zod";
import { addValuations, rejectedValuations } from "#data/tax-liens/property-valuations.ts";
import { badRequest } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { civilDateField } from "#rules/input-fields.ts";
import { countyIdText } from "#rules/tax-liens/county-id.ts";

const valuation = z.strictObject({
  county: countyIdText,
  parcelId: z.string().trim().min(1).max(64),
  provider: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "expected a name such as county-appraiser")
    .max(64)
    .default("appraisal")
    .describe("Source of the valuation"),
  day: civilDateField
    .refine((day) => day >= "1900-01-01", "expected a day from 1900-01-01 on")
    .describe("The day of the value"),
  value: z
    .string()
    .regex(/^\d{1,12}(\.\d{1,2})?$/, "expected dollars such as 182400.00")
    .describe("Dollars as text, so that no digit is lost"),
});

export const addPropertyValuations = defineRoute({
  method: "POST",
  path: "api/property-valuations",
  access: "key",
  summary: "Add valuations of properties: one per property, provider and day, never changed",
  body: z.strictObject({ valuations: z.array(valuation).min(1).max(5_000) }),
  response: z.object({
    added: z.number(),
    known: z.number().describe("Valuations that already existed with the same value"),
  }),
  async handle({ app, body: { valuations } }) {
    const added = await app.db.transaction(async (tx) => {
      const count = await addValuations(tx, valuations, app.clock.now());
      const unfit = await rejectedValuations(tx, valuations);
      if (unfit.length === 0) return count;
      throw badRequest(
        unfit.slice(0, 100).map(({ position, stored }) => {
          const { county, parcelId, provider, day } = valuations[position]!;
          if (stored !== null) {
            const reason = `${provider} has ${stored} for ${day} already: valuations are only added`;
            return { field: `valuations[${position}].value`, reason };
          }
          return { field: `valuations[${position}].parcelId`, reason: `there is no parcel ${parcelId} in ${county}` };
        }),
      );
    });
    return { json: { added, known: valuations.length - added } };
  },
});
