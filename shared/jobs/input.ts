import type { z } from "zod";
import { InvalidInput } from "./endings.ts";
import { usePlainReasons } from "./field-reasons.ts";
import type { Job } from "./job.ts";

usePlainReasons();

/** Reads a run's input through the job's schema. @throws InvalidInput naming each field */
export function readInput(job: Pick<Job, "id" | "input">, input: unknown): unknown {
  const read = job.input.safeParse(input);
  if (read.success) return read.data;
  throw new InvalidInput(issuesOf(read.error, "input"));
}

/**
 * The faults that a schema has found, by field (`range.from`). An unknown field is named itself.
 * @param whole the field name of a fault of the value as a whole
 */
export function issuesOf(error: z.ZodError, whole: string): { field: string; reason: string }[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ field: nameOf([...issue.path, key], whole), reason: "is not known" }));
    }
    return [{ field: nameOf(issue.path, whole), reason: issue.message }];
  });
}

function nameOf(path: readonly PropertyKey[], whole: string): string {
  return path.length ? path.map(String).join(".") : whole;
}
