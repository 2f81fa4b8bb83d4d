/** Civil dates as day numbers: 0 is 1 January 1970, a Thursday. Without a time zone. */

export const SECONDS_A_DAY = 86_400;

export interface CivilDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
}

export function civilDateOf(dayNumber: number): CivilDate {
  const date = new Date(dayNumber * SECONDS_A_DAY * 1000);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** Months beyond 1 to 12 roll into the neighbouring years. */
export function dayNumberOf({ year, month, day }: CivilDate): number {
  return Date.UTC(year, month - 1, day) / (SECONDS_A_DAY * 1000);
}

export function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** 0 is Sunday. */
export function weekdayOf(dayNumber: number): number {
  return (((dayNumber + 4) % 7) + 7) % 7;
}
