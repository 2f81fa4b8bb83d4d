/** A reason not to run, for a person (`reason`) and for machines (`code`). */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** What the gates look at. */
export interface GateState {
  readonly internetAllowed: boolean;
}

/**
 * Something that must be open for a job to run: a question over settings, or a need that the database's controls answer in
 * the statement that claims the run (`platform.gate_refusal`).
 */
export interface Gate {
  readonly name: string;
  readonly need?: "write" | "comms" | "quiet";
  refusal?(state: GateState): Refusal | null;
}

/** For jobs that change business data: closed by the control `write_enabled`. */
export const writes: Gate = { name: "write", need: "write" };
/** For jobs that send to people: closed by the control `comms_enabled`. */
export const comms: Gate = { name: "comms", need: "comms" };
/** For jobs that keep quiet hours. */
export const quietHours: Gate = { name: "quiet hours", need: "quiet" };

/** For jobs that fetch from outside: closed by `ALLOW_INTERNET_SYNC=false`. */
export const internet: Gate = {
  name: "internet",
  refusal: ({ internetAllowed }) =>
    internetAllowed
      ? null
      : {
          code: "internet-sync-disabled",
          reason: "synchronisation from the internet is switched off (ALLOW_INTERNET_SYNC=false)",
        },
};

/** The first gate that says no. */
export function refusalOf(gates: readonly Gate[], state: GateState): Refusal | null {
  for (const gate of gates) {
    const refusal = gate.refusal?.(state);
    if (refusal) return refusal;
  }
  return null;
}
