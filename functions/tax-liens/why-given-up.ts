import type { Run } from "../../shared/data/platform/schema.ts";

/** Why a run has come to nothing, in a sentence: what it was skipped or cancelled for, else its last error. */
export function whyGivenUp({ reason, errors, state }: Pick<Run, "reason" | "errors" | "state">): string {
  const message = errors.at(-1)?.message;
  return reason ?? (typeof message === "string" ? message : state);
}
