import { z } from "zod";
import type { Executor } from "#data/client.ts";
import { listStoredSettings } from "#data/platform/stored-settings.ts";
import type { Config } from "#settings/config.ts";
import { InvalidInput } from "./endings.ts";
import { issuesOf } from "./input.ts";

const percentage = z.int().min(0).max(100);
const riskWeightFields: Record<keyof Config["DEAL_RISK_WEIGHTS"], z.ZodInt> = {
  ltv: percentage,
  property_type: percentage,
  valuation_age: percentage,
  redemption_time: percentage,
  flags: percentage,
};
const riskWeights = z
  .strictObject(riskWeightFields)
  .refine((weights) => Object.values(weights).reduce((sum, weight) => sum + weight, 0) === 100, {
    error: "expected whole numbers with a sum of 100",
  });
const days = z.int().min(1).max(36_500);

/**
 * The settings that `PUT api/settings` changes while the app runs, as JSON schemas. Until one is changed, the value
 * from the environment holds. A name is that of the environment variable in lower case.
 */
export const changeableSettings = z.strictObject({
  deal_risk_weights: riskWeights,
  valuation_stale_days: days,
  documents_archive_days: days,
  notification_retention_days: days,
  log_retention_days: days,
});
export type ChangeableSettingName = keyof typeof changeableSettings.shape;
export const changeableNames = Object.keys(changeableSettings.shape) as ChangeableSettingName[];

/** The changeable settings under their environment names. */
export type ChangeableSettings = Pick<Config, Uppercase<ChangeableSettingName>>;

/** The environment variable of a changeable setting. */
export function environmentName(name: ChangeableSettingName): Uppercase<ChangeableSettingName> {
  return name.toUpperCase() as Uppercase<ChangeableSettingName>;
}

/**
 * Reads the changeable settings in force: the stored value where there is one, else the configured one. A job that
 * depends on one calls this once for each attempt.
 *
 * @example
 * const { DOCUMENTS_ARCHIVE_DAYS: days } = await effectiveSettings(db, settings);
 * @throws InvalidInput when a stored value is invalid for its setting, for example one from an older version
 */
export async function effectiveSettings(db: Executor, configured: ChangeableSettings): Promise<ChangeableSettings> {
  const stored = new Map((await listStoredSettings(db)).map(({ name, value }) => [name, value]));
  const entries = changeableNames.map((name) => {
    const variable = environmentName(name);
    return [variable, stored.has(name) ? checked(name, stored.get(name)) : configured[variable]];
  });
  return Object.fromEntries(entries) as ChangeableSettings;
}

function checked(name: ChangeableSettingName, value: unknown): unknown {
  const read = changeableSettings.shape[name].safeParse(value);
  if (read.success) return read.data;
  const faults = issuesOf(read.error, "its value").map(({ field, reason }) => `${field}: ${reason}`);
  throw new InvalidInput([
    { field: name, reason: `the stored value is invalid (${faults.join("; ")}); change it with PUT api/settings` },
  ]);
}
