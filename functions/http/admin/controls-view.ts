import { z } from "zod";
import type { App } from "#app";
import { listControls } from "#data/platform/controls.ts";
import { listPauses } from "#data/platform/pauses.ts";
import type { Controls } from "#data/platform/control-schema.ts";
import { instant } from "./field-schemas.ts";

/** What is paused, by whom, why and until when. */
export const pauseSchema = z.object({
  scope: z.string().describe("all, family:<id> or job:<id>"),
  reason: z.string(),
  pausedBy: z.string(),
  pausedAt: instant,
  until: instant.nullable().describe("Null: until somebody resumes it"),
});

const switchesSchema = z.object({
  killSwitch: z.boolean(),
  jobsEnabled: z.boolean(),
  writeEnabled: z.boolean(),
  commsEnabled: z.boolean(),
  quietHours: z
    .object({ from: z.string().describe("HH:MM on the clocks of the zone"), to: z.string(), zone: z.string() })
    .nullable(),
  changedAt: instant.nullable(),
  changedBy: z.string().nullable(),
});

export const controlsSchema = z.object({
  global: switchesSchema,
  families: z.array(switchesSchema.extend({ family: z.string() })),
  pauses: z.array(pauseSchema),
});

/** The families whose jobs this app has. */
export async function familiesOf(app: App): Promise<string[]> {
  return [...new Set((await app.jobs.all()).map(({ family }) => family.id))].sort();
}

/** Everything that steers, as it is now: the switches of all scopes and what is paused. */
export async function readControls(app: App): Promise<Record<string, unknown>> {
  const [families, rows, pauses] = await Promise.all([
    familiesOf(app),
    listControls(app.db),
    listPauses(app.db, app.clock.now()),
  ]);
  const byScope = new Map(rows.map((row) => [row.scope, row]));
  return {
    global: switchesView(byScope.get("global")),
    families: families.map((family) => ({ family, ...switchesView(byScope.get(family)) })),
    pauses,
  };
}

/** A scope that nobody has steered lets everything through. */
export function switchesView(row: Controls | undefined): Record<string, unknown> {
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
