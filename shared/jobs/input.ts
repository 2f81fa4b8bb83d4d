import type { z } from "zod";
import type { Job } from "./define-job.ts";
import { InvalidInput } from "./endings.ts";

/** Reads a run's input through the job's schema. @throws InvalidInput naming each field */
export function readInput(job: Pick<Job, "id" | "input">, input: unknown): unknown {
  const read = job.input.safeParse(input);
  if (read.success) return read.data;
  throw new InvalidInput(issuesOf(read.error));
}

export function issuesOf(error: z.ZodError): { field: string; reason: string }[] {
  return error.issues.map((issue) => ({
    field: issue.path.length ? issue.path.join(".") : "body",
    reason: issue.message,
  }));
}
