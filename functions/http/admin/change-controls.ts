import { z } from "zod";
import type { App } from "#app";
import { changeControls as storeControls, isDatabaseTimeZone, type Switches } from "#data/platform/controls.ts";
import { badRequest, type FieldFault } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { type QuietHours, quietHoursFaults } from "#operations/quiet-hours.ts";
import { suggestion } from "#text/suggestion.ts";
import { familiesOf, controlsSchema, readControls } from "./controls-view.ts";
import { auditReason } from "../audit-reason.ts";

export const changeControls = defineRoute({
  method: "PATCH",
  path: "api/admin/controls",
  access: "operator",
  summary: "Turn switches of the whole app or of a family, with the reason; answers with the new state",
  body: z.strictObject({
    /** `global` or a family's id. */
    scope: z.string().default("global"),
    reason: auditReason,
    killSwitch: z.boolean().optional(),
    jobsEnabled: z.boolean().optional(),
    writeEnabled: z.boolean().optional(),
    commsEnabled: z.boolean().optional(),
    quietHours: z.strictObject({ from: z.string(), to: z.string(), zone: z.string() }).nullable().optional(),
  }),
  response: controlsSchema,
  async handle({ app, body, caller, log }) {
    const { scope, reason, quietHours, ...flags } = body;
    const faults = [...(await scopeFaults(app, scope)), ...(quietHours ? await faultsOf(app, quietHours) : [])];
    const change = { ...given(flags), ...(quietHours !== undefined && columnsOf(quietHours)) };
    if (Object.keys(change).length === 0)
      faults.push({ field: "body", reason: "expected at least one switch to turn" });
    if (faults.length) throw badRequest(faults);

    const now = app.clock.now();
    await app.db.transaction((tx) => storeControls(tx, { scope, change, who: caller, reason, now }));
    log.warn("Controls changed", { scope, change, by: caller, reason });
    return { json: await readControls(app) };
  },
});

async function scopeFaults(app: App, scope: string): Promise<FieldFault[]> {
  const known = ["global", ...(await familiesOf(app))];
  if (known.includes(scope)) return [];
  const meant = suggestion(scope, known);
  const hint = meant ? `; did you mean ${meant}?` : "";
  return [{ field: "scope", reason: `expected one of ${known.join(", ")}, got ${JSON.stringify(scope)}${hint}` }];
}

async function faultsOf(app: App, quietHours: QuietHours): Promise<FieldFault[]> {
  const faults = quietHoursFaults(quietHours);
  // A zone that the database does not know would fail every statement that asks the gates.
  if (faults.length || (await isDatabaseTimeZone(app.db, quietHours.zone))) return faults;
  return [{ field: "quietHours.zone", reason: `the database does not know the time zone ${quietHours.zone}` }];
}

function columnsOf(hours: QuietHours | null): Partial<Switches> {
  // As the database writes them, so that a change can be told from none.
  const seconds = (time: string) => `${time}:00`;
  return hours
    ? { quietFrom: seconds(hours.from), quietTo: seconds(hours.to), quietZone: hours.zone }
    : { quietFrom: null, quietTo: null, quietZone: null };
}

function given(flags: Record<string, boolean | undefined>): Partial<Switches> {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}
