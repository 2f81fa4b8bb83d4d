import type { CivilDate } from "../civil-date.ts";

/** A point that is held back. */
export interface HeldPoint {
  readonly id: number;
  readonly date: CivilDate;
  readonly value: string;
}

/** What a later answer has for the days of held points. */
export interface LaterAnswer {
  readonly source: string;
  readonly first: CivilDate;
  readonly last: CivilDate;
  /** Its plausible values by day, with the confirmation of a jump. */
  readonly accepted: ReadonlyMap<CivilDate, { readonly value: string; readonly confirmation: string | null }>;
  /** The days that it has and that are held back. */
  readonly held: ReadonlySet<CivilDate>;
}

export interface Settlement {
  readonly id: number;
  readonly state: "accepted" | "rejected";
  readonly resolution: string;
}

/**
 * What a later answer decides about held points: it confirms the value, corrects it, or has the day no more. Points
 * outside of its days, and those that are still implausible, stay held.
 */
export function settlements(held: readonly HeldPoint[], answer: LaterAnswer): Settlement[] {
  return held.flatMap((point): Settlement[] => {
    const { id, date } = point;
    if (date < answer.first || date > answer.last || answer.held.has(date)) return [];
    const now = answer.accepted.get(date);
    if (now === undefined) return [{ id, state: "rejected", resolution: `${answer.source} no longer has the day` }];
    if (!isSameValue(now.value, point.value)) {
      return [{ id, state: "rejected", resolution: `${answer.source} corrected it to ${now.value}` }];
    }
    return [{ id, state: "accepted", resolution: now.confirmation ?? "it agrees with its neighbours now" }];
  });
}

/** Whether two decimals are the same number: 12.50 and 12.5. */
export function isSameValue(one: string, other: string): boolean {
  return one === other || Number(one) === Number(other);
}
