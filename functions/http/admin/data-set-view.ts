import { z } from "zod";
import { behind, type ElementFreshness, withHeldPoints } from "#operations/freshness.ts";
import type { JudgedSet } from "../../data-sets.ts";
import { instant } from "./field-schemas.ts";

/** Elements that are named in an answer about all data sets; `api/admin/freshness/{id}` lists every element. */
const MOST_BEHIND = 20;

const heldSchema = z.object({ count: z.int(), oldest: z.iso.date().describe("The oldest of their days") });

export const elementSchema = z.object({
  id: z.string().describe("A currency, an ETF's symbol, a county"),
  zone: z.string().describe("The time zone of its days"),
  state: z
    .enum(["fresh", "stale", "empty", "ended"])
    .describe("empty: it never had data; ended: its source publishes no more"),
  newest: z.iso.date().nullable().describe("The day of its newest data"),
  staleSince: instant.nullable().describe("Since when data is late, or when it becomes late; null: none is due"),
  held: heldSchema.nullable().describe("Its points that are held back as implausible; null without any"),
});

export const dataSetSchema = z.object({
  id: z.string(),
  family: z.string(),
  title: z.string(),
  element: z.string().describe("What its elements are"),
  jobs: z.array(z.string()).describe("The jobs that load it"),
  allowedAge: z.object({ workingDays: z.int() }).describe("Of each element, in its own time zone"),
  state: z.enum(["fresh", "stale", "empty"]).describe("stale: data of an element is late; empty: no element has data"),
  newest: z.iso.date().nullable().describe("The newest day of all elements"),
  staleSince: instant.nullable().describe("The earliest of its elements"),
  counts: z.object({
    elements: z.int(),
    late: z.int().describe("Stale elements, and empty ones whose data is due"),
    fresh: z.int(),
    stale: z.int(),
    empty: z.int(),
    ended: z.int(),
  }),
  behind: z
    .array(elementSchema)
    .describe(`The first ${MOST_BEHIND} elements that are late or empty, the longest late first`),
  held: z
    .array(heldSchema.extend({ id: z.string() }))
    .describe(`The first ${MOST_BEHIND} elements with points that are held back, the oldest first`),
});

/** A data set with its counts, and the elements that are behind. */
export function dataSetView({ set, freshness }: JudgedSet): Record<string, unknown> {
  const { state, newest, staleSince, counts } = freshness;
  return {
    id: set.id,
    family: set.family,
    title: set.title,
    element: set.element,
    jobs: set.jobs,
    allowedAge: { workingDays: set.allowedWorkingDays },
    state,
    newest,
    staleSince,
    counts,
    behind: behind(freshness).slice(0, MOST_BEHIND).map(elementView),
    held: withHeldPoints(freshness)
      .slice(0, MOST_BEHIND)
      .map(({ id, held }) => ({ id, ...held })),
  };
}

export function elementView(element: ElementFreshness): Record<string, unknown> {
  const { id, zone, state, newest, staleSince, held } = element;
  return { id, zone, state, newest, staleSince, held };
}
