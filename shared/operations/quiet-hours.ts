import { checkZoneName } from "#schedule/zone-name.ts";

/** Local times (`22:00`) in a zone between which gated jobs do not run; 22:00 to 07:00 includes midnight. */
export interface QuietHours {
  readonly from: string;
  readonly to: string;
  readonly zone: string;
}

/** The faults of quiet hours, by field. */
export function quietHoursFaults({ from, to, zone }: QuietHours): { field: string; reason: string }[] {
  const faults: { field: string; reason: string }[] = [];
  const report = (field: string, reason: string) => faults.push({ field: `quietHours.${field}`, reason });
  for (const [field, time] of Object.entries({ from, to })) {
    if (!isLocalTime(time)) report(field, `expected a time from 00:00 to 23:59, got ${JSON.stringify(time)}`);
  }
  if (isLocalTime(from) && from === to) report("to", "expected another time than from; null means no quiet hours");
  checkZoneName(zone, (fault) => {
    report("zone", fault);
  });
  return faults;
}

function isLocalTime(text: string): boolean {
  return /^([01]\d|2[0-3]):[0-5]\d$/.test(text);
}
