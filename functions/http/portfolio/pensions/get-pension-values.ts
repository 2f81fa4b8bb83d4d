import { z } from "zod";
import { findPension, listReplacedValues, listValues } from "#data/portfolio/pensions.ts";
import { readPage } from "#http/pagination.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { addDays } from "#rules/civil-date.ts";
import { civilDateField } from "#rules/input-fields.ts";
import { dayValueSchema, replacedValueSchema } from "./pension-schemas.ts";

export const getPensionValues = defineRoute({
  method: "GET",
  path: "api/v1/etf-pensions/{id}/values",
  access: "key",
  summary: "The value of a pension on each trading day, oldest first; nextCursor is the from of the next page",
  params: z.object({ id: z.uuid() }),
  query: z.strictObject({
    from: civilDateField.optional(),
    to: civilDateField.optional(),
    cursor: civilDateField.optional(),
    limit: z.coerce.number().int().min(1).max(5_000).default(1_000),
  }),
  response: z.object({
    pension: z.uuid(),
    currency: z.string(),
    values: z.array(dayValueSchema),
    replaced: z
      .array(replacedValueSchema)
      .describe("What days of this range, up to 5,000 of them, had as final values before, and why that changed"),
    nextCursor: z.string().nullable(),
  }),
  async handle({ app, params: { id }, query: { from, to, cursor, limit } }) {
    const found = await findPension(app.db, id);
    if (!found) throw notFound(`there is no pension ${id}`);
    const range = { from: cursor ?? from, to };
    const { rows, nextAfter } = await readPage(limit, (limit) => listValues(app.db, id, { ...range, limit }));
    const nextCursor = nextAfter && addDays(nextAfter.date, 1);
    const replaced = await listReplacedValues(app.db, id, range);
    return { json: { pension: id, currency: found.currency, values: rows, replaced, nextCursor } };
  },
});
