import { z } from "zod";
import type { FieldFault } from "#http/problem.ts";

/** An instant in JSON. */
export const instant = z.iso.datetime().describe("ISO 8601 in UTC");

/** An object whose fields depend on the job. */
export const fields = z.record(z.string(), z.unknown());

/** The faults of a run's input, with their fields as a part of a request: `input.startDate`. */
export function inInput(faults: readonly FieldFault[]): FieldFault[] {
  return faults.map(({ field, reason }) => ({ field: field === "input" ? field : `input.${field}`, reason }));
}
