import type { CivilDate } from "../civil-date.ts";

export interface RangeFault {
  readonly field: "startDate" | "endDate";
  readonly reason: string;
}

/** The faults of a requested range of existing days; empty when it is valid. */
export function rangeFaults(
  { startDate, endDate }: { startDate: CivilDate; endDate?: CivilDate | undefined },
  today: CivilDate,
): RangeFault[] {
  const faults: RangeFault[] = [];
  const check = (field: RangeFault["field"], date: CivilDate) => {
    if (date > today) faults.push({ field, reason: `${date} is in the future (today is ${today})` });
  };
  check("startDate", startDate);
  if (endDate !== undefined) check("endDate", endDate);
  if (faults.length === 0 && endDate !== undefined && endDate < startDate) {
    faults.push({ field: "endDate", reason: `${endDate} is before the start date ${startDate}` });
  }
  return faults;
}
