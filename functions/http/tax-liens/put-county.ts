import { z } from "zod";
import { recordAudit } from "#data/platform/audit-log.ts";
import { findCounty, saveCounty } from "#data/tax-liens/counties.ts";
import { badRequest } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { sourceUrlFault } from "#providers/county-lists/open-list.ts";
import { countyIdText } from "#rules/tax-liens/county-id.ts";
import { countyConfiguration, countySchema, countyView } from "./county-view.ts";

export const putCounty = defineRoute({
  method: "PUT",
  path: "api/counties/{id}",
  access: "operator",
  summary: "Create a county or replace its configuration: the source of its list, its format, its rules",
  params: z.strictObject({ id: countyIdText }),
  body: countyConfiguration,
  response: countySchema,
  async handle({ app, params: { id }, body, caller }) {
    const { source } = body;
    const objection = "url" in source && source.url !== undefined && sourceUrlFault(new URL(source.url), app.config);
    if (objection) throw badRequest([{ field: "source.url", reason: objection.replace(/^source\.url: /, "") }]);
    const now = app.clock.now();
    const { isNew, county } = await app.db.transaction(async (tx) => {
      const before = await saveCounty(tx, { id, ...body }, now);
      const configured = before && { source: before.source, rules: before.rules, active: before.active };
      const after = { source, rules: body.rules, active: body.active };
      const subject = `county:${id}`;
      await recordAudit(tx, { at: now, who: caller, action: "configure", subject, before: configured ?? null, after });
      return { isNew: before === undefined, county: (await findCounty(tx, id))! };
    });
    return { status: isNew ? 201 : 200, json: countyView(county) };
  },
});
