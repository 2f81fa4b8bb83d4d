/** A reason not to run, for a person (`reason`) and for machines (`code`). */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** What the gates look at. */
export interface GateState {
  readonly internetAllowed: boolean;
}

/** Something that must be open for a job to run. A pure question over the state of the switches. */
export interface Gate {
  readonly name: string;
  refusal(state: GateState): Refusal | null;
}

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
    const refusal = gate.refusal(state);
    if (refusal) return refusal;
  }
  return null;
}
