import type { Run } from "./platform-schema.ts";

/** What a run was put off, skipped or cancelled for, else its last error. Null: nothing went wrong. */
export function reasonOf({ reason, errors }: Pick<Run, "reason" | "errors">): string | null {
  return reason ?? errors.at(-1)?.message ?? null;
}

/** Why a run came to nothing, in a sentence. */
export function discardReason(run: Pick<Run, "reason" | "errors" | "state">): string {
  return reasonOf(run) ?? run.state;
}
