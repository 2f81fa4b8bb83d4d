import { z } from "zod";
import { findCounty } from "#data/tax-liens/counties.ts";
import { listUploads } from "#data/tax-liens/uploaded-lists.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { countyIdText } from "#rules/tax-liens/county-id.ts";
import { uploadedListSchema, uploadedListView } from "./uploaded-list-view.ts";

export const getUploadedLists = defineRoute({
  method: "GET",
  path: "api/counties/{id}/lists",
  access: "viewer",
  summary: "The last 100 uploaded lists of a county, newest first",
  params: z.strictObject({ id: countyIdText }),
  response: z.object({ lists: z.array(uploadedListSchema) }),
  async handle({ app, params: { id } }) {
    if (!(await findCounty(app.db, id))) throw notFound(`there is no county ${id}`);
    return { json: { lists: (await listUploads(app.db, id, 100)).map(uploadedListView) } };
  },
});
