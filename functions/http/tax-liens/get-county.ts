import { z } from "zod";
import { findCounty } from "#data/tax-liens/counties.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { countyIdText } from "#rules/tax-liens/county-id.ts";
import { countySchema, countyView } from "./county-view.ts";

export const getCounty = defineRoute({
  method: "GET",
  path: "api/counties/{id}",
  access: "viewer",
  summary: "One county with its configuration",
  params: z.strictObject({ id: countyIdText }),
  response: countySchema,
  async handle({ app, params: { id } }) {
    const county = await findCounty(app.db, id);
    if (!county) throw notFound(`there is no county ${id}`);
    return { json: countyView(county) };
  },
});
