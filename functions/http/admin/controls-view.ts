import { z } from "zod";
import type { Controls } from "#data/platform/control-schema.ts";
import { listControls } from "#data/platform/controls.ts";
import { listPauses } from "#data/platform/pauses.ts";
import { type FamilyScope, familyScope } from "#data/platform/scope.ts";
import type { App } from "#http/app-services.ts";
import { instant } from "./field-schemas.ts";

/** A pause. */
export const pauseSchema = z.object({
  scope: z.string().describe("all, family:<id> or job:<id>"),
  reason: z.string(),
  pausedBy: z.string(),
  pausedAt: instant,
  until: instant.nullable().describe("Null: until an operator resumes it"),
});

/** The controls of one scope. */
const scopeControlsSchema = z.object({
  scope: z.string().describe("all or family:<id>"),
  killSwitch: z.boolean(),
  jobsEnabled: z.boolean(),
  writeEnabled: z.boolean(),
  commsEnabled: z.boolean(),
  quietHours: z
    .object({ from: z.string().describe("HH:MM, local time of the zone"), to: z.string(), zone: z.string() })
    .nullable(),
  changedAt: instant.nullable(),
  changedBy: z.string().nullable(),
});

/** The controls of all scopes, and what is paused. */
export const controlsSchema = z.object({
  global: scopeControlsSchema,
  families: z.array(scopeControlsSchema.extend({ family: z.string() })),
  pauses: z.array(pauseSchema),
});

/** Ids of the families of the app's jobs. */
export async function familiesOf(app: App): Promise<string[]> {
  return [...new Set((await app.jobs.all()).map(({ family }) => family.id))].sort();
}

/** Reads the controls of all scopes and the pauses. */
export async function readControls(app: App): Promise<Record<string, unknown>> {
  const [families, changed, pauses] = await Promise.all([
    familiesOf(app),
    listControls(app.db),
    listPauses(app.db, app.clock.now()),
  ]);
  const viewOf = (scope: "all" | FamilyScope) => ({ scope, ...controlsView(changed.get(scope)) });
  return {
    global: viewOf("all"),
    families: families.map((family) => ({ family, ...viewOf(familyScope(family)) })),
    pauses,
  };
}

/** Without a row, a scope has its defaults: every job may run. */
function controlsView(row: Controls | undefined): Record<string, unknown> {
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
