import type { Run } from "#data/platform/platform-schema.ts";

/** The instant that a run stands for: its slot, or the time of its request. */
export function instantOf({ asOf, scheduledFor, queuedAt }: Pick<Run, "asOf" | "scheduledFor" | "queuedAt">): Date {
  return asOf ?? scheduledFor ?? queuedAt;
}
