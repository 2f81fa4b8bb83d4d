import { z } from "zod";
import type { DeadRunFilter } from "#data/platform/dead-letters.ts";
import { instantField } from "#rules/input-fields.ts";
import { errorClass } from "./run-view.ts";

/** Selects dead runs, in a query and in a body. */
export const deadRunFields = {
  job: z.string().optional(),
  family: z.string().optional(),
  errorClass: errorClass.optional(),
  fingerprint: z.string().optional(),
  since: instantField.optional(),
  until: instantField.optional(),
};

type Fields = z.output<z.ZodObject<typeof deadRunFields>>;

export function deadRunFilter({ job, ...filter }: Fields, which: DeadRunFilter["which"]): DeadRunFilter {
  return { ...filter, jobId: job, which };
}
