import { z } from "zod";
import { recordAudit } from "#data/platform/audit-log.ts";
import { listSubsequentTaxes, replaceSubsequentTaxes } from "#data/tax-liens/subsequent-taxes.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { civilDateField, serialField } from "#rules/input-fields.ts";

const tax = z.strictObject({
  day: civilDateField
    .refine((day) => day >= "1900-01-01" && day < "2200-01-01", "expected a day from 1900 to 2199")
    .describe("The past or planned day of payment"),
  amount: z
    .string()
    .regex(/^\d{1,12}(\.\d{1,2})?$/, "expected dollars such as 840.25")
    .refine((amount) => /[1-9]/.test(amount), "expected more than 0")
    .describe("Dollars as text, so that no digit is lost"),
});

export const putSubsequentTaxes = defineRoute({
  method: "PUT",
  path: "api/liens/{id}/subsequent-taxes",
  access: "key",
  summary: "Replace the taxes of later years that the holder of a lien pays; its metrics count them from then on",
  params: z.strictObject({ id: serialField }),
  body: z.strictObject({
    taxes: z
      .array(tax)
      .max(100)
      .refine((taxes) => new Set(taxes.map(({ day }) => day)).size === taxes.length, "expected one amount a day"),
  }),
  response: z.object({ taxes: z.array(z.object({ day: z.iso.date(), amount: z.string() })) }),
  async handle({ app, params: { id }, body: { taxes }, caller }) {
    const now = app.clock.now();
    const stored = await app.db.transaction(async (tx) => {
      const before = await replaceSubsequentTaxes(tx, id, taxes);
      if (!before) throw notFound(`there is no lien ${id}`);
      const after = await listSubsequentTaxes(tx, id);
      await recordAudit(tx, {
        at: now,
        who: caller,
        action: "subsequent-taxes",
        subject: `lien:${id}`,
        before: { taxes: before },
        after: { taxes: after },
      });
      return after;
    });
    return { json: { taxes: stored } };
  },
});
