import { tmpdir } from "node:os";
import { join } from "node:path";
import { suggestion } from "#text/suggestion.ts";
import { ACCESS_SETTINGS, accessFaults } from "./access-settings.ts";
import { AZURE_SERVICES_SETTINGS } from "./azure-services-settings.ts";
import { DATABASE_SETTINGS, databaseFaults, defaultTls } from "./database-settings.ts";
import { DOCUMENT_SETTINGS, documentFaults } from "./document-settings.ts";
import type { Environment } from "./environment.ts";
import { JOB_LAYER_SETTINGS, leaseFaults } from "./job-layer-settings.ts";
import {
  allJobSettingNames,
  type ConfigurableJob,
  jobFaults,
  type JobOverrides,
  readJobOverrides,
} from "./job-settings.ts";
import { embeddingFaults, KNOWLEDGE_SETTINGS } from "./knowledge-settings.ts";
import { NOTIFICATION_SETTINGS, notificationFaults } from "./notification-settings.ts";
import { OUTBOUND_SETTINGS } from "./outbound-settings.ts";
import { PERSONAL_OPS_SETTINGS, personalOpsFaults } from "./personal-ops-settings.ts";
import { PORTFOLIO_SETTINGS, portfolioFaults } from "./portfolio-settings.ts";
import { PROVIDER_SETTINGS } from "./provider-settings.ts";
import type { Setting, ValuesOf } from "./setting.ts";
import { TASK_SETTINGS } from "./task-settings.ts";
import { TAX_LIEN_SETTINGS } from "./tax-lien-settings.ts";
import { TELEMETRY_SETTINGS } from "./telemetry-settings.ts";
import { WATCH_SETTINGS } from "./watch-settings.ts";

/** Every setting of the app, in the order of the example file. Each job adds its own: see `jobSettingNames`. */
export const SETTINGS = {
  ...DATABASE_SETTINGS,
  ...JOB_LAYER_SETTINGS,
  ...TELEMETRY_SETTINGS,
  ...AZURE_SERVICES_SETTINGS,
  ...ACCESS_SETTINGS,
  ...OUTBOUND_SETTINGS,
  ...PROVIDER_SETTINGS,
  ...NOTIFICATION_SETTINGS,
  ...DOCUMENT_SETTINGS,
  ...PORTFOLIO_SETTINGS,
  ...TASK_SETTINGS,
  ...TAX_LIEN_SETTINGS,
  ...KNOWLEDGE_SETTINGS,
  ...PERSONAL_OPS_SETTINGS,
  ...WATCH_SETTINGS,
} satisfies Record<string, Setting<unknown>>;

/** Each names the faults of settings that do not fit together. */
const CROSS_CHECKS = [
  leaseFaults,
  accessFaults,
  portfolioFaults,
  documentFaults,
  notificationFaults,
  embeddingFaults,
  personalOpsFaults,
];

type Values = ValuesOf<typeof SETTINGS>;
/** Settings without a fallback that always have a value: DATABASE_URL is required, the others are derived. */
type AlwaysSet = "DATABASE_URL" | "DATABASE_TLS" | "TEMP_DIRECTORY";

/** The settings in force. */
export type Config = Omit<Values, AlwaysSet> & { readonly [N in AlwaysSet]: NonNullable<Values[N]> } & {
  /** What the environment sets for each job, by its id. */
  readonly jobs: ReadonlyMap<string, JobOverrides>;
  readonly protection: Protection;
};

/** What protects the routes: the keys, and what the hosting platform guarantees. */
export interface Protection {
  readonly operatorKey?: string | undefined;
  readonly viewerKey?: string | undefined;
  /** Easy Auth runs in front of the app: it sets the principal's header and removes one that a client sends. */
  readonly easyAuth: boolean;
  /** The Functions host asks for a key where a function's level is `function`. Core Tools on a laptop do not. */
  readonly hostChecksKeys: boolean;
}

/** Everything that is wrong with the settings, in one message. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(
      faults.length === 1
        ? faults[0]
        : `${faults.length} settings are wrong:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`,
    );
    this.faults = faults;
  }
}

/**
 * Reads and checks all settings.
 * @param jobs all jobs, whose own settings are read as well
 * @throws ConfigError naming every fault at once
 */
export function readConfig(env: Environment, jobs: readonly ConfigurableJob[] = []): Config {
  const faults: string[] = [];
  const read = (name: string, setting: Setting<unknown>): unknown => {
    const written = env[name]?.trim() || setting.fallback;
    if (written === undefined) return undefined;
    try {
      return setting.read(written);
    } catch (error) {
      const shown = setting.secret ? "a value that is not shown here, as it is secret" : JSON.stringify(written);
      faults.push(`${name}: expected ${(error as Error).message}, got ${shown}`);
      return undefined;
    }
  };
  const values = Object.fromEntries(Object.entries(SETTINGS).map(([name, setting]) => [name, read(name, setting)]));
  faults.push(...databaseFaults(values, env.DATABASE_URL?.trim()));
  for (const check of CROSS_CHECKS) faults.push(...check(values));
  const overrides = new Map<string, JobOverrides>();
  for (const job of jobs) {
    const zone = job.zoneSetting && env[job.zoneSetting]?.trim() ? values[job.zoneSetting] : undefined;
    const given = readJobOverrides(job, read, zone as string | undefined);
    overrides.set(job.id, given);
    faults.push(...jobFaults(job, given));
  }
  faults.push(...misspelledNames(env, jobs));
  if (faults.length) throw new ConfigError(faults);
  // As written: the value has lost its `sslmode`.
  values.DATABASE_TLS ??= defaultTls(env.DATABASE_URL!.trim());
  values.TEMP_DIRECTORY ??= join(tmpdir(), "rota-documents");
  return { ...(values as unknown as Config), jobs: overrides, protection: protectionOf(env) };
}

/** The last two are variables that the hosting platform sets. */
function protectionOf(env: Environment): Protection {
  return {
    operatorKey: env.ROTA_OPERATOR_KEY?.trim() || undefined,
    viewerKey: env.ROTA_VIEWER_KEY?.trim() || undefined,
    easyAuth: env.WEBSITE_AUTH_ENABLED?.toLowerCase() === "true",
    hostChecksKeys: env.AZURE_FUNCTIONS_ENVIRONMENT !== "Development",
  };
}

/** An unknown name that is nearly one of ours is a typing error, and would be ignored in silence. */
function misspelledNames(env: Environment, jobs: readonly ConfigurableJob[]): string[] {
  const known = new Set([...Object.keys(SETTINGS), ...jobs.flatMap(allJobSettingNames)]);
  return Object.keys(env).flatMap((name) => {
    if (known.has(name) || !/^[A-Z][A-Z0-9_]{6,}$/.test(name)) return [];
    const meant = suggestion(name, known);
    return meant && !(meant in env) ? [`${name}: no such setting; did you mean ${meant}?`] : [];
  });
}
