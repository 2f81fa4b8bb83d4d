import type { App } from "../../../shared/app.ts";
import { listControls } from "../../../shared/data/platform/controls.ts";
import { listPauses } from "../../../shared/data/platform/pauses.ts";
import type { Controls } from "../../../shared/data/platform/steering-schema.ts";

/** The families whose jobs this app has. */
export async function familiesOf(app: App): Promise<string[]> {
  return [...new Set((await app.jobs.all()).map(({ family }) => family.id))].sort();
}

/** Everything that steers, as it is now: the switches of all scopes and what is paused. */
export async function steeringNow(app: App): Promise<Record<string, unknown>> {
  const [families, rows, pauses] = await Promise.all([
    familiesOf(app),
    listControls(app.db),
    listPauses(app.db, app.clock.now()),
  ]);
  const byScope = new Map(rows.map((row) => [row.scope, row]));
  return {
    global: controlsView(byScope.get("global")),
    families: families.map((family) => ({ family, ...controlsView(byScope.get(family)) })),
    pauses,
  };
}

/** A scope that nobody has steered lets everything through. */
export function controlsView(row: Controls | undefined): Record<string, unknown> {
  const { quietFrom, quietTo, quietZone } = row ?? {};
  return {
    killSwitch: row?.killSwitch ?? false,
    jobsEnabled: row?.jobsEnabled ?? true,
    writeEnabled: row?.writeEnabled ?? true,
    commsEnabled: row?.commsEnabled ?? true,
    quietHours: quietFrom && quietTo ? { from: minutes(quietFrom), to: minutes(quietTo), zone: quietZone } : null,
    changedAt: row?.changedAt ?? null,
    changedBy: row?.changedBy ?? null,
  };
}

function minutes(time: string): string {
  return time.slice(0, 5);
}
