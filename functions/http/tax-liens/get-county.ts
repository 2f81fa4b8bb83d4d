import { z } from "zod";
import { findCounty } from "#data/tax-liens/counties.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { countyIdText } from "../../tax-liens/known-county.ts";
import { countyView, viewOf } from "./county-view.ts";

export const getCounty = defineRoute({
  method: "GET",
  path: "api/counties/{id}",
  access: "viewer",
  summary: "One county with how its list is read",
  params: z.strictObject({ id: countyIdText }),
  response: countyView,
  async handle({ app, params: { id } }) {
    const county = await findCounty(app.db, id);
    if (!county) throw notFound(`there is no county ${id}`);
    return { json: viewOf(county) };
  },
});
