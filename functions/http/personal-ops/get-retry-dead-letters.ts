import { z } from "zod";
import { listDeadLetterJobs } from "#data/personal-ops/retry-jobs.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { serialField } from "#rules/input-fields.ts";
import { deadLetterSchema, deadLetterView } from "./dead-letter-view.ts";

export const getRetryDeadLetters = defineRoute({
  method: "GET",
  path: "api/personal-ops/dead-letters",
  access: "viewer",
  summary:
    "Retry jobs that failed in all their attempts, newest first; replayed and dismissed ones only with which=all",
  query: z.strictObject({
    which: z.enum(["open", "all"]).default("open"),
    cursor: serialField.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  response: z.object({ deadLetters: z.array(deadLetterSchema), nextCursor: z.int().nullable() }),
  async handle({ app, query: { which, cursor: before, limit } }) {
    const { rows, nextAfter } = await readPage(limit, (limit) => listDeadLetterJobs(app.db, { which, before, limit }));
    return { json: { deadLetters: rows.map(deadLetterView), nextCursor: nextAfter?.id ?? null } };
  },
});
