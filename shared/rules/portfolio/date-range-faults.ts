import { type CivilDate, isCivilDate } from "../civil-date.ts";

export interface RangeFault {
  readonly field: "startDate" | "endDate";
  readonly reason: string;
}

/** The faults of a requested range of days; empty when it is valid. */
export function rangeFaults(
  { startDate, endDate }: { startDate: string; endDate?: string | undefined },
  today: CivilDate,
): RangeFault[] {
  const faults: RangeFault[] = [];
  const check = (field: RangeFault["field"], date: string) => {
    if (date === "") faults.push({ field, reason: "is missing: expected a date as YYYY-MM-DD" });
    else if (!isCivilDate(date))
      faults.push({
        field,
        reason: `expected a date that exists, as YYYY-MM-DD, got ${JSON.stringify(date.slice(0, 40))}`,
      });
    else if (date > today) faults.push({ field, reason: `${date} is in the future (today is ${today})` });
  };
  check("startDate", startDate);
  if (endDate !== undefined) check("endDate", endDate);
  if (faults.length === 0 && endDate !== undefined && endDate < startDate) {
    faults.push({ field: "endDate", reason: `${endDate} is before the start date ${startDate}` });
  }
  return faults;
}
