import { z } from "zod";
import { type DeadRun, DISMISSED, listDeadMessages, listDeadRuns } from "#data/platform/dead-letters.ts";
import type { DeadMessage } from "#data/platform/dead-messages.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { redact } from "#redaction/redact.ts";
import { deadRunFields, deadRunFilter } from "./dead-run-filter.ts";
import { instant } from "./field-schemas.ts";
import { errorClass, trigger } from "./run-view.ts";

/** A message without a run. */
export const deadMessageSchema = z.object({
  kind: z.literal("message"),
  id: z.uuid(),
  queue: z.string(),
  messageId: z.string().nullable(),
  reason: z.string(),
  content: z.string().describe("Its beginning"),
  receivedAt: instant,
  resolvedAt: instant.nullable().describe("When an operator dismissed it"),
});

/** A dead run. */
export const deadRunSchema = z.object({
  kind: z.literal("run"),
  id: z.uuid(),
  jobId: z.string(),
  family: z.string(),
  trigger,
  attempt: z.int(),
  input: z.unknown(),
  scheduledFor: instant.nullable(),
  asOf: instant.nullable(),
  queuedAt: instant,
  finishedAt: instant,
  fingerprint: z.string().describe("Equal for errors that differ only in ids and numbers"),
  parentRunId: z.uuid().nullable(),
  requestedBy: z.string().nullable(),
  itemFailureCount: z.int(),
  dismissed: z.string().nullable().describe("The reason of an operator who dismissed it"),
  error: z.object({ class: errorClass, name: z.string(), message: z.string() }).optional(),
});

export const getDeadLetters = defineRoute({
  method: "GET",
  path: "api/admin/dead-letters",
  access: "viewer",
  summary: "Dead runs and unreadable messages, newest first; replayed and dismissed ones only with which=all",
  query: z.strictObject({
    ...deadRunFields,
    which: z.enum(["open", "all"]).default("open"),
    cursor: z.uuid().optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  response: z.object({
    deadLetters: z.array(z.discriminatedUnion("kind", [deadRunSchema, deadMessageSchema])),
    nextCursor: z.uuid().nullable(),
  }),
  async handle({ app, query: { which, cursor: before, limit, ...fields } }) {
    const { job, family, errorClass, fingerprint, ...times } = fields;
    // An unreadable message has no job and no error.
    const isOfRunsOnly = [job, family, errorClass, fingerprint].some((field) => field !== undefined);
    const { rows, nextAfter } = await readPage(limit, async (limit) => {
      const [runs, messages] = await Promise.all([
        listDeadRuns(app.db, deadRunFilter(fields, which), { before, limit }),
        isOfRunsOnly ? [] : listDeadMessages(app.db, { which, ...times, before, limit }),
      ]);
      // Both kinds of ids are ordered by time, so one cursor works for both.
      return [...runs.map(deadRunView), ...messages.map(deadMessageView)].sort((a, b) => (a.id < b.id ? 1 : -1));
    });
    return { json: { deadLetters: rows, nextCursor: nextAfter?.id ?? null } };
  },
});

export function deadRunView(run: DeadRun): { id: string } {
  const { id, jobId, family, trigger, attempt, input, scheduledFor, asOf, queuedAt, finishedAt, fingerprint } = run;
  const error = run.errors.at(-1);
  return redact({
    kind: "run",
    id,
    jobId,
    family,
    trigger,
    attempt,
    input,
    scheduledFor,
    asOf,
    queuedAt,
    finishedAt,
    fingerprint,
    parentRunId: run.parentRunId,
    requestedBy: run.requestedBy,
    itemFailureCount: run.itemFailureCount,
    dismissed: run.reasonCode === DISMISSED ? run.reason : null,
    error: error && { class: error.class, name: error.name, message: error.message },
  }) as { id: string };
}

export function deadMessageView(message: DeadMessage): { id: string } {
  const { id, queue, messageId, reason, body, receivedAt, resolvedAt } = message;
  return redact({ kind: "message", id, queue, messageId, reason, content: body, receivedAt, resolvedAt }) as {
    id: string;
  };
}
