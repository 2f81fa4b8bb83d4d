import { z } from "zod";
import { findCounty } from "#data/tax-liens/counties.ts";
import { INGESTION_STATES } from "#data/tax-liens/ingestion-schema.ts";
import { listIngestions, listRejects } from "#data/tax-liens/lien-ingestions.ts";
import { readPage } from "#http/pagination.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { serialField } from "#rules/input-fields.ts";
import { countyIdText } from "#rules/tax-liens/county-id.ts";
import { findingCount } from "./finding-count.ts";

const reject = z.object({ line: z.number(), reasons: z.array(z.string()), raw: z.string() });

export const getIngestions = defineRoute({
  method: "GET",
  path: "api/counties/{id}/ingestions",
  access: "viewer",
  summary: "Ingestions of a county's lists, newest first, with the rejected rows and the reasons",
  params: z.strictObject({ id: countyIdText }),
  query: z.strictObject({
    before: serialField.optional(),
    limit: z.coerce.number().int().min(1).max(100).default(20),
    rejects: z.coerce
      .number()
      .int()
      .min(0)
      .max(1_000)
      .default(20)
      .describe("Rejected rows shown per ingestion; 1,000 are stored"),
  }),
  response: z.object({
    ingestions: z.array(
      z.object({
        id: z.number(),
        run: z.uuid(),
        state: z.enum(INGESTION_STATES),
        retrieved: z.number(),
        created: z.number(),
        updated: z.number(),
        unchanged: z.number(),
        failed: z.number(),
        notListed: z.number(),
        rejectBlob: z.string().nullable().describe("Blob with all rejected rows, in the container lien-rejects"),
        findings: z
          .object({ faults: z.array(findingCount), warnings: z.array(findingCount), otherRows: z.int() })
          .nullable()
          .describe("Counts of faults and warnings by field and kind, and of rows that `source.where` leaves out"),
        doubt: z.string().nullable().describe("Why no lien was delisted: the list may not be whole"),
        error: z.string().nullable(),
        canBeUndone: z.boolean().describe("Whether its earlier values are kept: INGESTION_UNDO_DAYS"),
        undoneAt: z.iso.datetime().nullable(),
        undoneBy: z.string().nullable(),
        undoReason: z.string().nullable(),
        startedAt: z.iso.datetime(),
        finishedAt: z.iso.datetime().nullable(),
        rejects: z.array(reject),
      }),
    ),
    next: z.number().nullable().describe("The value of `before` for the next page; null on the last"),
  }),
  async handle({ app, params: { id }, query: { before: beforeId, limit, rejects: perIngestion } }) {
    if (!(await findCounty(app.db, id))) throw notFound(`there is no county ${id}`);
    const { rows, nextAfter } = await readPage(limit, (limit) =>
      listIngestions(app.db, id, { before: beforeId, limit }),
    );
    const rejects = await listRejects(
      app.db,
      rows.map((ingestion) => ingestion.id),
      perIngestion,
    );
    const ingestions = rows.map(({ runId, countyId: _, before, ...ingestion }) => ({
      ...ingestion,
      run: runId,
      canBeUndone: before !== null,
      rejects: rejects
        .filter(({ ingestionId }) => ingestionId === ingestion.id)
        .map(({ line, reasons, raw }) => ({ line, reasons, raw })),
    }));
    return { json: { ingestions, next: nextAfter?.id ?? null } };
  },
});
