import type { Executor } from "#data/client.ts";
import type { Config } from "#settings/config.ts";

/** A reason not to run, for a person (`reason`) and for machines (`code`). */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** The settings that the gates check. */
export interface GateState {
  readonly internetAllowed: boolean;
  readonly settings: Partial<Config>;
}

/** The state of the gates that settings open and close. */
export function gateStateOf(settings: Config): GateState {
  return { internetAllowed: settings.ALLOW_INTERNET_SYNC, settings };
}

/**
 * A condition that must be open for a job to run: a check of the settings, or a need that the statement which claims
 * the run checks against the database's controls (`platform.gate_refusal`).
 */
export interface Gate {
  readonly name: string;
  readonly need?: "write" | "comms" | "quiet";
  refusal?(state: GateState): Refusal | null;
  /** The runs that it concerns. Default: every run of the job. */
  readonly concerns?: Concerns<unknown>;
}

/**
 * Which runs of a job a gate concerns, by their inputs after the schema, in their order. The layer asks only while the
 * gate is closed.
 */
export type Concerns<Input> = (db: Executor, inputs: readonly Input[]) => Promise<readonly boolean[]>;

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

/** For jobs that cannot work without some settings: closed while one of them has no value. */
export function configured(what: string, ...names: readonly (keyof Config)[]): Gate {
  return {
    name: `${what} configured`,
    refusal({ settings }) {
      const missing = names.filter((name) => settings[name] === undefined);
      if (missing.length === 0) return null;
      const are = missing.length === 1 ? "is" : "are";
      return { code: "not-configured", reason: `${what} is not configured: ${missing.join(" and ")} ${are} not set` };
    },
  };
}

/** For jobs of which only some runs fetch from outside: the gate stops those alone. */
export function internetFor<Input>(concerns: Concerns<Input>): Gate {
  return { ...internet, concerns: concerns as Concerns<unknown> };
}

/** The refusal of the first closed gate that concerns every run of the job; null when there is none. */
export function refusalOf(gates: readonly Gate[], state: GateState): Refusal | null {
  for (const gate of gates) {
    const refusal = gate.concerns ? null : gate.refusal?.(state);
    if (refusal) return refusal;
  }
  return null;
}

/** The closed gates that concern only some runs of the job, with their refusals. */
export function partialRefusals(
  gates: readonly Gate[],
  state: GateState,
): { readonly concerns: Concerns<unknown>; readonly refusal: Refusal }[] {
  return gates.flatMap((gate) => {
    const refusal = gate.refusal?.(state);
    return gate.concerns && refusal ? [{ concerns: gate.concerns, refusal }] : [];
  });
}
