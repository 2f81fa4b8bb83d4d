import { z } from "zod";
import type { NotRepeated } from "#operations/repeat-refusal.ts";
import type { Repeats } from "#operations/repeat-runs.ts";

/** Ids that a request names, and that an answer lists. */
export const MAX_LISTED = 1_000;

const refusedRun = z.object({ run: z.uuid(), code: z.string(), reason: z.string() });

/** The fields of an answer about repeated runs. */
export const repeatsSchema = z.object({
  runs: z.array(z.object({ id: z.uuid(), parent: z.uuid() })).describe("The new runs: the first 1,000"),
  refused: z.array(refusedRun).describe("The runs that were not repeated: the first 1,000"),
});

export function repeatsView({ runs, refused }: Repeats): z.input<typeof repeatsSchema> {
  return {
    runs: runs.slice(0, MAX_LISTED).map(({ id, parentRunId }) => ({ id, parent: parentRunId })),
    refused: refusedView(refused),
  };
}

export function refusedView(refused: readonly NotRepeated[]): z.input<typeof refusedRun>[] {
  return refused.slice(0, MAX_LISTED).map(({ run, code, reason }) => ({ run, code, reason }));
}
