import { INVOCATION } from "./command.ts";
import { UsageError } from "./command-errors.ts";

export const EXAMPLE_RUN = "01993c1e-7d2a-7c31-9f0e-3b1c5a7e9d42";

/** Checks the argument `<run>` of a command. @throws UsageError */
export function checkRunId(command: string, id: string): void {
  if (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)) return;
  throw new UsageError(
    `${command}: <run>: expected a run id such as ${EXAMPLE_RUN}, got ${JSON.stringify(id)}; ${INVOCATION} runs lists the runs.`,
  );
}
