import { eq, sql } from "drizzle-orm";
import type { Db, Executor, Tx } from "../client.ts";
import { recordAudit } from "./audit-log.ts";
import { type Controls, controls } from "./control-schema.ts";
import { type FamilyScope, familyScope, GLOBAL, idIn } from "./scope.ts";

/** The switches of one scope. */
export type Switches = Pick<
  Controls,
  "killSwitch" | "jobsEnabled" | "writeEnabled" | "commsEnabled" | "quietFrom" | "quietTo" | "quietZone"
>;

/** The controls of each changed scope. */
export async function listControls(db: Executor): Promise<Map<"all" | FamilyScope, Controls>> {
  const rows = await db.select().from(controls);
  return new Map(rows.map((row) => [row.scope === GLOBAL ? "all" : familyScope(row.scope), row]));
}

export interface ControlsChange {
  readonly scope: "all" | FamilyScope;
  readonly change: Partial<Switches>;
  readonly who: string;
  readonly reason: string;
  readonly now: Date;
}

/** Sets switches of one scope and audits the change, in the caller's transaction. Equal values write nothing. */
export async function changeControls(
  tx: Tx,
  { scope, change, who, reason, now }: ControlsChange,
): Promise<{ before: Controls; after: Controls }> {
  const key = scope === "all" ? GLOBAL : idIn("family", scope)!;
  await tx.insert(controls).values({ scope: key, changedAt: now, changedBy: who }).onConflictDoNothing();
  // Locked, so that concurrent changes are audited against the values that they replaced.
  const [before] = await tx.select().from(controls).where(eq(controls.scope, key)).for("update");
  if (!Object.entries(change).some(([name, value]) => before![name as keyof Switches] !== value)) {
    return { before: before!, after: before! };
  }
  const [after] = await tx
    .update(controls)
    .set({ ...change, changedAt: now, changedBy: who })
    .where(eq(controls.scope, key))
    .returning();
  await recordAudit(tx, {
    at: now,
    who,
    action: "controls changed",
    reason,
    before: switchesOf(before!),
    after: switchesOf(after!),
    subject: scope,
  });
  return { before: before!, after: after! };
}

/** Whether the database knows the time zone, which it needs for quiet hours. */
export async function isDatabaseTimeZone(db: Db, zone: string): Promise<boolean> {
  const [row] = await db.execute(sql`select from pg_timezone_names where name = ${zone}`);
  return row !== undefined;
}

function switchesOf({ killSwitch, jobsEnabled, writeEnabled, commsEnabled, ...row }: Controls): Switches {
  const { quietFrom, quietTo, quietZone } = row;
  return { killSwitch, jobsEnabled, writeEnabled, commsEnabled, quietFrom, quietTo, quietZone };
}
