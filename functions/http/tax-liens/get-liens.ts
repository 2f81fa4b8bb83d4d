import { z } from "zod";
import { listLiens } from "#data/tax-liens/liens.ts";
import { LIEN_STATUSES, PROPERTY_TYPES } from "#data/tax-liens/tax-lien-schema.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { countyIdText } from "#rules/tax-liens/county-id.ts";

/** An exact decimal as text: a JSON number would become a binary fraction. */
const decimal = z.string();

const lienSchema = z.object({
  id: z.number(),
  county: z.string(),
  taxYear: z.number(),
  certificateNumber: z.string().nullable(),
  status: z.enum(LIEN_STATUSES),
  faceAmount: decimal,
  priorLiens: decimal,
  penalties: decimal,
  premium: decimal,
  fees: decimal,
  interestRate: decimal.nullable(),
  bidRate: decimal.nullable(),
  saleDate: z.iso.date().nullable(),
  redemptionDeadline: z.iso.date().nullable(),
  notListedOn: z.iso.date().nullable(),
  updatedAt: z.iso.datetime(),
  property: z.object({
    id: z.number(),
    parcelId: z.string(),
    address: z.string().nullable(),
    city: z.string().nullable(),
    zip: z.string().nullable(),
    owner: z.string().nullable(),
    propertyType: z.enum(PROPERTY_TYPES),
    assessedValue: decimal.nullable(),
  }),
});

export const getLiens = defineRoute({
  method: "GET",
  path: "api/liens",
  access: "key",
  summary: "Liens with their properties, of one county or of all",
  query: z.strictObject({
    county: countyIdText.optional(),
    status: z.enum(LIEN_STATUSES).optional(),
    cursor: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
  }),
  response: z.object({
    liens: z.array(lienSchema),
    next: z.number().nullable().describe("The value of `cursor` for the next page; null on the last"),
  }),
  async handle({ app, query: { county, status, cursor, limit } }) {
    const { rows, nextAfter } = await readPage(limit, (limit) =>
      listLiens(app.db, { county, status, after: cursor, limit }),
    );
    const liens = rows.map(({ lien, property }) =>
      lienSchema.parse({
        ...lien,
        county: lien.countyId,
        updatedAt: lien.updatedAt.toISOString(),
        property,
      }),
    );
    return { json: { liens, next: nextAfter?.lien.id ?? null } };
  },
});
