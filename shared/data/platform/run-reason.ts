import type { Run } from "./platform-schema.ts";

/** Why the run was delayed, skipped or cancelled, otherwise its last error. Null without either. */
export function reasonOf({ reason, errors }: Pick<Run, "reason" | "errors">): string | null {
  return reason ?? errors.at(-1)?.message ?? null;
}

/** Why the run was discarded, in a sentence. */
export function discardReason(run: Pick<Run, "reason" | "errors" | "state">): string {
  return reasonOf(run) ?? run.state;
}
