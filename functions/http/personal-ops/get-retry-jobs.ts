import { z } from "zod";
import { RETRY_STATUSES } from "#data/personal-ops/personal-ops-schema.ts";
import { listRetryJobs } from "#data/personal-ops/retry-jobs.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { redact } from "#redaction/redact.ts";
import { serialField } from "#rules/input-fields.ts";
import { fields, instant } from "../admin/field-schemas.ts";

export const getRetryJobs = defineRoute({
  method: "GET",
  path: "api/personal-ops/retry-jobs",
  access: "viewer",
  summary: "Pieces of work that are tried until they succeed, without archived ones; newest first",
  query: z.strictObject({
    status: z.enum(RETRY_STATUSES).optional(),
    cursor: serialField.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  response: z.object({
    retryJobs: z.array(
      z.object({
        id: z.int(),
        kind: z.string(),
        payload: fields,
        dedupeKey: z.string().nullable(),
        status: z.enum(RETRY_STATUSES),
        attempts: z.int(),
        maxAttempts: z.int(),
        runAt: instant.describe("The earliest time of the next attempt"),
        lastError: z.string().nullable(),
        createdAt: instant,
        finishedAt: instant.nullable(),
      }),
    ),
    nextCursor: z.int().nullable(),
  }),
  async handle({ app, query: { status, cursor: before, limit } }) {
    const { rows, nextAfter } = await readPage(limit, (limit) => listRetryJobs(app.db, { status, before, limit }));
    const retryJobs = rows.map(({ archived: _, ...job }) => redact(job));
    return { json: { retryJobs, nextCursor: nextAfter?.id ?? null } };
  },
});
