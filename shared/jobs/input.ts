import type { z } from "zod";
import type { Job } from "./job.ts";
import { InvalidInput } from "./endings.ts";

/** Reads a run's input through the job's schema. @throws InvalidInput naming each field */
export function readInput(job: Pick<Job, "id" | "input">, input: unknown): unknown {
  const read = job.input.safeParse(input);
  if (read.success) return read.data;
  throw new InvalidInput(issuesOf(read.error, "input"));
}

/**
 * What a schema found wrong, by field (`range.from`). A field that nobody knows is named itself.
 * @param whole what the fault is called when it is about the value as a whole
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
