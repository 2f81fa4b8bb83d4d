/** A reason not to run, for a person (`reason`) and for machines (`code`). */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** The settings that the gates check. */
export interface GateState {
  readonly internetAllowed: boolean;
}

/**
 * A condition that must be open for a job to run: a check of the settings, or a need that the statement which claims
 * the run checks against the database's controls (`platform.gate_refusal`).
 */
export interface Gate {
  readonly name: string;
  readonly need?: "write" | "comms" | "quiet";
  refusal?(state: GateState): Refusal | null;
}

/** For jobs that change business data; the control `write_enabled` closes it. */
export const writes: Gate = { name: "write", need: "write" };
/** For jobs that send messages to people; the control `comms_enabled` closes it. */
export const comms: Gate = { name: "comms", need: "comms" };
/** For jobs that do not run during quiet hours. */
export const quietHours: Gate = { name: "quiet hours", need: "quiet" };

/** For jobs that fetch from outside; `ALLOW_INTERNET_SYNC=false` closes it. */
export const internet: Gate = {
  name: "internet",
  refusal: ({ internetAllowed }) =>
    internetAllowed
      ? null
      : {
          code: "internet-sync-disabled",
          reason: "synchronisation from the internet is turned off (ALLOW_INTERNET_SYNC=false)",
        },
};

/** The refusal of the first closed gate; null when all are open. */
export function refusalOf(gates: readonly Gate[], state: GateState): Refusal | null {
  for (const gate of gates) {
    const refusal = gate.refusal?.(state);
    if (refusal) return refusal;
  }
  return null;
}
