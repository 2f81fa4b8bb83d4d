import { readInput } from "./input.ts";
import type { InputFacts } from "./input-facts.ts";
import type { Job } from "./job.ts";

/**
 * Reads an input as a run with it would: through the job's schema and its check. Every door that takes an input calls
 * it, and each attempt, so that all refuse it with the same sentence.
 * @throws InvalidInput naming each field
 */
export async function checkedInput(
  job: Pick<Job, "id" | "input" | "checkInput">,
  input: unknown,
  facts: InputFacts,
): Promise<unknown> {
  const read = readInput(job, input);
  await job.checkInput?.(read, facts);
  return read;
}
