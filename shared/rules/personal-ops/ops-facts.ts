import { type CivilDate, civilDateIn, wallTimeIn } from "../civil-date.ts";

type Severity = "INFO" | "WARN" | "SEV1" | "SEV0";

/** From the most to the least urgent. */
export const URGENCY: readonly Severity[] = ["SEV0", "SEV1", "WARN", "INFO"];

/** An incident above INFO that is open, or that was resolved in the period. */
export interface IncidentFact {
  readonly id: number;
  readonly severity: Severity;
  readonly title: string;
  readonly isResolved: boolean;
  readonly occurrences: number;
  readonly firstSeen: Date;
}

/** Something that has a number, and the newest of it. */
export interface Newest {
  readonly count: number;
  /** Newest first, at most a few. */
  readonly titles: readonly string[];
  /** Of the newest; null when there is none. */
  readonly at: Date | null;
}

/** What happened in a period, as the digest and the call report it. All texts are as stored: not safe to send. */
export interface OpsFacts {
  /** The person's day, in `zone`. */
  readonly day: CivilDate;
  readonly zone: string;
  readonly incidents: readonly IncidentFact[];
  /** Proposals of the period. */
  readonly proposals: Newest;
  /** Proposals that wait for a decision, of any age. */
  readonly pendingProposals: Newest;
  readonly corrections: Newest;
  /** Executions of workflows that failed, by the workflow's name, most first. */
  readonly workflows: {
    readonly failed: readonly { readonly name: string; readonly count: number }[];
    readonly at: Date | null;
  };
  /** Attempts of the family's jobs. */
  readonly jobs: { readonly run: number; readonly failed: number; readonly at: Date | null };
  readonly apiCalls: { readonly calls: number; readonly errors: number };
}

/** The time of an instant of the person's day, and the date of any other. */
export function dayOrTime(instant: Date, { day, zone }: Pick<OpsFacts, "day" | "zone">): string {
  const date = civilDateIn(zone, instant);
  return date === day ? wallTimeIn(zone, instant) : date;
}
