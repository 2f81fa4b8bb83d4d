import { isDeepStrictEqual } from "node:util";
import { eq, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { recordAudit } from "./audit-log.ts";
import { type StoredSetting, storedSettings } from "./settings-schema.ts";

export async function listStoredSettings(db: Executor): Promise<StoredSetting[]> {
  return db.select().from(storedSettings).orderBy(storedSettings.name);
}

/** Blocks setting changes of other transactions until this one ends, and reads all settings. Readers do not wait. */
export async function lockStoredSettings(tx: Tx): Promise<StoredSetting[]> {
  // A missing row cannot be locked; the table can.
  await tx.execute(sql`lock table ${storedSettings} in share row exclusive mode`);
  return listStoredSettings(tx);
}

export interface SettingChange {
  readonly name: string;
  /** Null deletes the stored value: the configured one applies. */
  readonly value: unknown;
  /** The value without a stored one, for the audit. */
  readonly configured: unknown;
}

/**
 * Stores and audits setting changes, in a transaction that holds the lock. Equal values write nothing.
 * @param before the stored settings
 * @returns the names of the changed settings
 */
export async function changeStoredSettings(
  tx: Tx,
  before: readonly StoredSetting[],
  changes: readonly SettingChange[],
  { who, reason, now }: { readonly who: string; readonly reason: string | null; readonly now: Date },
): Promise<string[]> {
  const changed: string[] = [];
  for (const { name, value, configured } of changes) {
    const row = before.find((stored) => stored.name === name);
    if (isDeepStrictEqual(row?.value ?? null, value)) continue;
    if (value === null) await tx.delete(storedSettings).where(eq(storedSettings.name, name));
    else {
      const set = { value, changedAt: now, changedBy: who };
      await tx
        .insert(storedSettings)
        .values({ name, ...set })
        .onConflictDoUpdate({ target: storedSettings.name, set });
    }
    await recordAudit(tx, {
      at: now,
      who,
      action: "setting changed",
      subject: `setting:${name}`,
      reason,
      before: { value: row ? row.value : configured },
      after: { value: value ?? configured },
    });
    changed.push(name);
  }
  return changed;
}
