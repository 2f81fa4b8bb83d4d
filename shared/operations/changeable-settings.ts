import { z } from "zod";
import type { Executor } from "#data/client.ts";
import { listStoredSettings } from "#data/platform/stored-settings.ts";
import { InvalidInput } from "#jobs/endings.ts";
import { issuesOf } from "#jobs/input.ts";
import { RISK_FACTORS, type RiskFactor } from "#rules/tax-liens/risk.ts";
import type { Config } from "#settings/config.ts";

const percentage = z.int().min(0).max(100);
const riskWeights = z
  .strictObject(Object.fromEntries(RISK_FACTORS.map((factor) => [factor, percentage])) as Record<RiskFactor, z.ZodInt>)
  .refine((weights) => Object.values(weights).reduce((sum, weight) => sum + weight, 0) === 100, {
    error: "expected whole numbers that make 100 together",
  });
const days = z.int().min(1).max(36_500);

/**
 * The settings that can be changed while the app runs, as JSON has them. The environment says what each is until somebody changes
 * it; a name is that of its environment variable in lower case.
 */
export const changeableSettings = z.strictObject({
  deal_risk_weights: riskWeights,
  valuation_stale_days: days,
  documents_archive_days: days,
  log_retention_days: days,
  notification_retention_days: days,
});
export type ChangeableName = keyof typeof changeableSettings.shape;
export const CHANGEABLE = Object.keys(changeableSettings.shape) as ChangeableName[];

/** The jobs that go by a setting. */
export const READ_BY: Readonly<Record<ChangeableName, readonly string[]>> = {
  deal_risk_weights: ["compute_deal_metrics", "run_analysis", "generate_document"],
  valuation_stale_days: ["refresh_property_valuations", "recalculate_portfolio_nav", "generate_document"],
  documents_archive_days: ["archive_old_documents"],
  log_retention_days: ["cleanup_reasoning_logs"],
  notification_retention_days: ["prune_run_ledger"],
};

/** The part of the settings that may have been changed. */
export type ChangeableSettings = Pick<Config, Uppercase<ChangeableName>>;

/** A setting's name in the environment. */
export function variableOf(name: ChangeableName): Uppercase<ChangeableName> {
  return name.toUpperCase() as Uppercase<ChangeableName>;
}

/**
 * What the changeable settings are now. A job that goes by one reads it here, once for each attempt.
 *
 * @example
 * const { DOCUMENTS_ARCHIVE_DAYS: days } = await settingsInForce(db, settings);
 * @throws InvalidInput when what is stored is no value of the setting, as an older version may have left it
 */
export async function settingsInForce(db: Executor, configured: ChangeableSettings): Promise<ChangeableSettings> {
  const stored = new Map((await listStoredSettings(db)).map(({ name, value }) => [name, value]));
  const entries = CHANGEABLE.map((name) => {
    const variable = variableOf(name);
    return [variable, stored.has(name) ? checked(name, stored.get(name)) : configured[variable]];
  });
  return Object.fromEntries(entries) as ChangeableSettings;
}

function checked(name: ChangeableName, value: unknown): unknown {
  const read = changeableSettings.shape[name].safeParse(value);
  if (read.success) return read.data;
  const faults = issuesOf(read.error, "its value").map(({ field, reason }) => `${field}: ${reason}`);
  throw new InvalidInput([
    { field: name, reason: `what is stored is no value of it (${faults.join("; ")}); change it with PUT api/settings` },
  ]);
}
