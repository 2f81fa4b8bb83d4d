import { z } from "zod";
import { listAudit } from "#data/platform/audit-log.ts";
import { withoutAlias } from "#data/platform/scope.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { redact } from "#redaction/redact.ts";
import { instantField, serialField } from "#rules/input-fields.ts";
import { familiesOf } from "./controls-view.ts";
import { instant } from "./field-schemas.ts";

export const getAudit = defineRoute({
  method: "GET",
  path: "api/admin/audit",
  access: "viewer",
  summary: "Actions of operators: who, what, when and why, with the state before and after; newest first",
  query: z.strictObject({
    subject: z.string().optional().describe("A scope (aliases: global, a bare family id), run:<id>, …"),
    action: z.string().optional(),
    since: instantField.optional(),
    cursor: serialField.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  response: z.object({
    entries: z.array(
      z.object({
        id: z.int(),
        at: instant,
        who: z.string(),
        action: z.string(),
        subject: z.string().describe("all, family:<id>, job:<id>, run:<id>, …"),
        reason: z.string().nullable(),
        before: z.unknown(),
        after: z.unknown(),
      }),
    ),
    nextCursor: z.int().nullable(),
  }),
  async handle({ app, query: { cursor, limit, subject: given, ...filter } }) {
    const subject = given === undefined ? undefined : withoutAlias(given, await familiesOf(app));
    const wanted = { ...filter, subject, before: cursor };
    const { rows, nextAfter } = await readPage(limit, (limit) => listAudit(app.db, { ...wanted, limit }));
    return { json: { entries: rows.map((entry) => redact(entry)), nextCursor: nextAfter?.id ?? null } };
  },
});
