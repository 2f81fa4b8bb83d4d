import type { Db } from "#data/client.ts";
import { changeControls, isDatabaseTimeZone, type Switches } from "#data/platform/controls.ts";
import { InvalidInput } from "#jobs/endings.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { Enqueuer } from "#runner/enqueue.ts";
import type { Clock } from "#schedule/clock.ts";
import { dispatchWaitingRuns } from "./dispatch-waiting-runs.ts";
import { type QuietHours, quietHoursFaults } from "./quiet-hours.ts";
import { findFamilyScope, scopeFault } from "./read-scope.ts";

/** A change of the controls of one scope; an absent control keeps its state. */
export interface ControlsChange {
  /** `all` or `family:<id>`; `global` and a bare family id are aliases. */
  readonly scope: string;
  readonly flags: Readonly<Partial<Record<"killSwitch" | "jobsEnabled" | "writeEnabled" | "commsEnabled", boolean>>>;
  /** Null removes the quiet hours. */
  readonly quietHours?: QuietHours | null | undefined;
}

/**
 * Changes controls of the whole app or of a family; audited. Runs that waited for a switch start when it opens.
 * @param families ids of all families
 * @throws InvalidInput naming every fault: an unknown scope, no control, quiet hours in an unknown zone
 */
export async function applyControls(
  { db, clock, log, enqueuer }: { db: Db; clock: Clock; log: JobLog; enqueuer: Pick<Enqueuer, "dispatch"> },
  { scope: given, flags, quietHours }: ControlsChange,
  { families, who, reason }: { families: readonly string[]; who: string; reason: string },
): Promise<void> {
  const change = { ...flags, ...(quietHours !== undefined && columnsOf(quietHours)) };
  const scope = findFamilyScope(given, families);
  const faults = scope ? [] : [scopeFault(given, { families, jobs: [] })];
  if (quietHours) faults.push(...(await zoneFaults(db, quietHours)));
  if (Object.keys(change).length === 0)
    faults.push({ field: "body", reason: "expected at least one control to change" });
  if (!scope || faults.length) throw new InvalidInput(faults);

  const now = clock.now();
  await db.transaction((tx) => changeControls(tx, { scope, change, who, reason, now }));
  log.warn("Controls changed", { scope, change, by: who, reason });
  if (opens(flags) || quietHours !== undefined) {
    await dispatchWaitingRuns({ db, clock, enqueuer }, scope);
  }
}

function opens({ killSwitch, jobsEnabled, writeEnabled, commsEnabled }: ControlsChange["flags"]): boolean {
  return killSwitch === false || Boolean(jobsEnabled) || Boolean(writeEnabled) || Boolean(commsEnabled);
}

type Fault = InvalidInput["issues"][number];

async function zoneFaults(db: Db, quietHours: QuietHours): Promise<Fault[]> {
  const faults = quietHoursFaults(quietHours);
  // A zone that the database does not know would fail every statement that reads the gates.
  if (faults.length || (await isDatabaseTimeZone(db, quietHours.zone))) return faults;
  return [{ field: "quietHours.zone", reason: `the database does not know the time zone ${quietHours.zone}` }];
}

function columnsOf(hours: QuietHours | null): Partial<Switches> {
  // In the database's own form, so that an equal value counts as no change.
  const withSeconds = (time: string) => `${time}:00`;
  return hours
    ? { quietFrom: withSeconds(hours.from), quietTo: withSeconds(hours.to), quietZone: hours.zone }
    : { quietFrom: null, quietTo: null, quietZone: null };
}
