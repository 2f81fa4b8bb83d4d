import { z } from "zod";
import { DISCARDED_STATES } from "#data/platform/discarded-runs.ts";
import { badRequest, type FieldFault } from "#http/problem.ts";
import type { RetrySelection } from "#operations/retry-runs.ts";
import { instantField } from "#rules/input-fields.ts";
import { auditReason } from "../audit-reason.ts";
import { repeatCursor } from "./repeat-cursor.ts";
import { MAX_LISTED } from "./repeats-view.ts";

/** What narrows a filter, besides the state. */
const narrowing = {
  job: z.string().max(200).optional(),
  family: z.string().max(200).optional(),
  reasonCode: z.string().max(200).optional().describe("The gate or rule that gave the reason"),
  since: instantField.optional().describe("They ended at or after this time"),
  until: instantField.optional().describe("They ended before this time"),
};

export const retryBody = z.strictObject({
  runs: z.array(z.uuid()).min(1).max(MAX_LISTED).optional(),
  filter: z
    .strictObject({ state: z.enum(DISCARDED_STATES), ...narrowing })
    .optional()
    .describe("With at least one field besides state"),
  limit: z
    .int()
    .min(1)
    .max(10_000)
    .default(10_000)
    .describe(
      "Most runs of a filter that one request looks at. The input of each is checked again; where it names a stored record, that is one statement a run",
    ),
  after: repeatCursor.optional(),
  dryRun: z.boolean().default(false),
  reason: auditReason.optional().describe("For the audit: required without dryRun"),
});

export type RetryBody = z.output<typeof retryBody>;

/** The runs that a request selects. @throws Problem 400 when its fields contradict each other */
export function retrySelection(body: RetryBody, now: Date): RetrySelection {
  const faults = [...faultsOf(body)];
  if (faults.length > 0) throw badRequest(faults);
  const { runs = [], filter, after, limit } = body;
  if (!filter) return { ids: [...new Set(runs)] };
  const { job: jobId, ...fields } = filter;
  return { filter: { ...fields, jobId }, page: { ...(after ?? { after: null, begunAt: now }), limit } };
}

function* faultsOf({ runs, filter, after, dryRun, reason }: RetryBody): Generator<FieldFault> {
  if ((runs === undefined) === (filter === undefined)) {
    yield { field: "body", reason: "expected either runs or filter" };
  }
  if (filter && Object.keys(filter).length === 1) {
    yield { field: "filter", reason: `expected at least one of ${Object.keys(narrowing).join(", ")} besides state` };
  }
  if (filter?.since && filter.until && filter.until <= filter.since) {
    yield { field: "filter.until", reason: "expected a time after since" };
  }
  if (runs && after) yield { field: "after", reason: "expected a filter: listed runs have one page" };
  if (!dryRun && reason === undefined) {
    yield { field: "reason", reason: "expected a reason of 3 to 500 characters, for the audit" };
  }
}
