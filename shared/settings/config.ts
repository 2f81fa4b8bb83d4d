import { tmpdir } from "node:os";
import { join } from "node:path";
import { inWords } from "#schedule/duration.ts";
import { readNcrontab } from "#schedule/ncrontab.ts";
import { checkZoneName } from "#schedule/zone-name.ts";
import { NOTIFICATION_SETTINGS, notificationFaults } from "./notification-settings.ts";
import {
  accessKey,
  byHost,
  duration,
  flag,
  listOf,
  matching,
  oneOf,
  type Setting,
  shares,
  text,
  timeZone,
  url,
  type ValuesOf,
  whole,
} from "./setting.ts";
import { suggestion } from "./suggestion.ts";

/** Every setting of the app, in the order of local.settings.example.json. Each job adds its own four: see `jobSettingNames`. */
export const SETTINGS = {
  DATABASE_URL: url(["postgres", "postgresql"], {
    about: "PostgreSQL, with user and database. `npm start` brings its own when this is not set.",
    secret: true,
  }),
  DATABASE_POOL_MAX: whole(1, 100, {
    about:
      "Most connections of one process, beside one for the heartbeats of long runs. On Azure each function scales alone: keep it at 1 or 2 there.",
    fallback: "2",
  }),
  DATABASE_IDLE_TIMEOUT: duration("1s", "1d", {
    about: "An unused connection is closed after this.",
    fallback: "20s",
  }),
  DATABASE_TLS: oneOf(["disable", "require", "verify"], {
    about:
      "disable; require: encrypted; verify: certificate and host name checked as well. Default: verify, and disable on loopback.",
  }),
  DATABASE_PREPARE: flag({
    about: "Prepared statements; false behind PgBouncer in transaction mode.",
    fallback: "true",
  }),
  JOB_LEASE: duration("1s", "1d", {
    about: "A run whose holder is silent for this long is taken over.",
    fallback: "60s",
  }),
  JOB_HEARTBEAT: duration("50ms", "1h", {
    about: "How often a holder says that it is alive; a third of the lease or less.",
    fallback: "15s",
  }),
  LOG_LEVEL: oneOf(["debug", "info", "warn", "error"], { about: "The least that is logged.", fallback: "info" }),
  LOG_FORMAT: oneOf(["json", "pretty"], {
    about: "One JSON object a line, or lines for a person. Default: pretty on a terminal.",
  }),
  APPLICATIONINSIGHTS_CONNECTION_STRING: matching(
    /^(?=.*\bInstrumentationKey=[^;])/i,
    "InstrumentationKey=…;IngestionEndpoint=https://…",
    {
      about:
        "Application Insights that gets logs, runs, dependencies and metrics. Without it none of them leaves the process.",
      secret: true,
    },
  ),
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: matching(
    /^(?=.*\bAuthorization=AAD\b)/i,
    "Authorization=AAD or ClientId=…;Authorization=AAD",
    {
      about: "Enters it with the app's managed identity; with ClientId when that is a user-assigned one.",
    },
  ),
  TELEMETRY_SAMPLING_PERCENT: whole(1, 100, {
    about: "Part of all operations whose runs and dependencies are sent, with their logs. Metrics count all.",
    fallback: "100",
  }),
  SERVICE_BUS: text({
    about:
      "Connection string of the Service Bus namespace that carries waiting runs. Without this or the next one they are carried inside each process.",
    secret: true,
  }),
  SERVICE_BUS__fullyQualifiedNamespace: text({
    about: "The same by name (`<namespace>.servicebus.windows.net`), entered with the app's managed identity.",
  }),
  SERVICE_BUS__clientId: text({ about: "Client id of that identity when it is a user-assigned one." }),
  AzureWebJobsStorage: text({
    about:
      "Connection string of the storage account: the Functions host's, and the app's for the archive of the ledger and for backups.",
    secret: true,
  }),
  AzureWebJobsStorage__accountName: text({
    about: "The same by the account's name, entered with the app's managed identity.",
  }),
  AzureWebJobsStorage__clientId: text({ about: "Client id of that identity when it is a user-assigned one." }),
  WEB_PUBSUB: matching(
    /^(?=.*\bEndpoint=https?:\/\/)(?=.*\bAccessKey=[^;])/i,
    "Endpoint=https://….webpubsub.azure.com;AccessKey=…;Version=1.0;",
    {
      about:
        "Connection string of the Web PubSub service that brings live events to browsers. Without this or the next one they poll.",
      secret: true,
    },
  ),
  WEB_PUBSUB__endpoint: url(["https"], {
    about: "The same by address (`https://<name>.webpubsub.azure.com`), entered with the app's managed identity.",
  }),
  WEB_PUBSUB__clientId: text({ about: "Client id of that identity when it is a user-assigned one." }),
  WEB_PUBSUB_HUB: matching(/^[A-Za-z][A-Za-z0-9_]{0,127}$/, "a letter, then letters, digits or _, at most 128", {
    about: "The hub of the service; apps that share one need one each.",
    fallback: "rota",
  }),
  RUN_RETENTION_DAYS: whole(1, 36_500, {
    about: "Days after its end that a run stays in the ledger; then it goes to the archive.",
    fallback: "90",
  }),
  TEMP_DIRECTORY: text({
    about:
      "A directory of the app's own for temporary files of documents; what is older than a day in it is deleted. Default: rota-documents in the system's directory for such files.",
  }),
  DOCUMENTS_ARCHIVE_DAYS: whole(1, 36_500, {
    about: "Days after which a document's files move to cold storage, where they stay readable.",
    fallback: "180",
  }),
  LLM_BASE_URL: url(["https", "http"], {
    about:
      "API of a language model that writes the passages of documents, in OpenAI's form: https://api.openai.com/v1, or https://<resource>.openai.azure.com/openai/v1/. Without it the templates' own texts stand there.",
  }),
  LLM_API_KEY: text({ about: "Key of that API.", secret: true }),
  LLM_MODEL: text({ about: "Name of the model there; on Azure of the deployment." }),
  LLM_TIMEOUT: duration("1ms", "1h", { about: "Longest wait for an answer of the model.", fallback: "2m" }),
  ALLOW_INTERNET_SYNC: flag({
    about: "false: no job fetches from outside; triggers answer 409, scheduled runs are skipped with that reason.",
    fallback: "true",
  }),
  FX_PROVIDERS: listOf(["ecb", "frankfurter"], {
    about: "Sources of exchange rates in order; the next is asked when one fails.",
    fallback: "ecb,frankfurter",
  }),
  ECB_BASE_URL: url(["https", "http"], {
    about: "Where the European Central Bank's files lie.",
    fallback: "https://www.ecb.europa.eu/stats/eurofxref",
  }),
  FRANKFURTER_BASE_URL: url(["https", "http"], {
    about: "The Frankfurter API.",
    fallback: "https://api.frankfurter.dev/v1",
  }),
  COUNTY_LISTS_LOOPBACK: flag({
    about: "Whether counties' lists may be fetched from this very machine: for demos and tests alone.",
    fallback: "false",
  }),
  SOCRATA_APP_TOKENS: byHost({
    about:
      "App tokens for counties' lists from Socrata, by host: data.example.gov=…,data.example.org=…. Each is sent to its host alone, as X-App-Token.",
    secret: true,
  }),
  TASKS_NOTIFY_OVERDUE: flag({
    about: "Whether the owner of a task is told, once for each due date, when it becomes overdue.",
    fallback: "true",
  }),
  ETF_PROVIDERS: listOf(["yahoo", "alpha-vantage", "twelve-data", "stooq"], {
    about: "Sources of ETF prices in order; the next is asked when one fails. All but yahoo need their key.",
    fallback: "yahoo",
  }),
  YAHOO_BASE_URL: url(["https", "http"], {
    about: "Where Yahoo's charts, v8, are.",
    fallback: "https://query1.finance.yahoo.com/v8/finance/chart",
  }),
  ALPHA_VANTAGE_BASE_URL: url(["https", "http"], {
    about: "The API of Alpha Vantage.",
    fallback: "https://www.alphavantage.co",
  }),
  ALPHA_VANTAGE_KEY: text({ about: "Key of Alpha Vantage.", secret: true }),
  TWELVE_DATA_BASE_URL: url(["https", "http"], {
    about: "The API of Twelve Data.",
    fallback: "https://api.twelvedata.com",
  }),
  TWELVE_DATA_KEY: text({ about: "Key of Twelve Data.", secret: true }),
  STOOQ_BASE_URL: url(["https", "http"], { about: "Where Stooq's CSV files are made.", fallback: "https://stooq.com" }),
  STOOQ_KEY: text({ about: "Key of Stooq, which its CSV files need since March 2026.", secret: true }),
  ETF_RETRY_DELAY: duration("1ms", "1m", {
    about: "Wait before a synchronisation asks again for one ETF's prices, at most three times; it doubles each time.",
    fallback: "2s",
  }),
  DEAL_RISK_WEIGHTS: shares(["ltv", "property_type", "valuation_age", "redemption_time", "flags"], {
    about: "How many points of a tax lien's risk score each factor has at its worst.",
    fallback: "ltv=40,property_type=20,valuation_age=15,redemption_time=15,flags=10",
  }),
  VALUATION_STALE_DAYS: whole(1, 36_500, {
    about: "Days after which the valuation of a property is too old to count.",
    fallback: "90",
  }),
  LOG_RETENTION_DAYS: whole(1, 36_500, {
    about: "Days that the record of how agents reasoned is kept.",
    fallback: "90",
  }),
  ...NOTIFICATION_SETTINGS,
  NOTIFICATION_RETENTION_DAYS: whole(1, 36_500, {
    about: "Days that a notification is kept, and with it the dedupe key under which it was told.",
    fallback: "365",
  }),
  TAX_LIENS_TIME_ZONE: timeZone({
    about: "Local time of the tax liens' jobs and of the digest.",
    fallback: "America/Phoenix",
  }),
  OUTBOUND_TIMEOUT: duration("1ms", "1h", { about: "Longest wait for one answer from outside.", fallback: "30s" }),
  ROTA_OPERATOR_KEY: accessKey({
    about:
      "Key that opens the admin API for changes. Without this and the next one the host's function keys do, and no browser comes in.",
    secret: true,
  }),
  ROTA_VIEWER_KEY: accessKey({ about: "Key that opens the admin API for looking.", secret: true }),
  ROTA_INSTANCE: text({ about: "Names this process in leases and logs. Default: host name and process id." }),
} satisfies Record<string, Setting<unknown>>;

type Name = keyof typeof SETTINGS;
type Values = ValuesOf<typeof SETTINGS>;
/** Settings that have no fallback and are there all the same: one is a must, the others are found out. */
type FoundOut = "DATABASE_URL" | "DATABASE_TLS" | "TEMP_DIRECTORY";

/** The settings in force. */
export type Config = Omit<Values, FoundOut> & { readonly [N in FoundOut]: NonNullable<Values[N]> } & {
  readonly jobs: ReadonlyMap<string, JobOverrides>;
  readonly protection: Protection;
};

/** What protects the routes: the keys, and what the place where the app runs says about itself. */
export interface Protection {
  readonly operatorKey?: string | undefined;
  readonly viewerKey?: string | undefined;
  /** Easy Auth stands before the app and writes the principal's header, or takes away one that came from outside. */
  readonly easyAuth: boolean;
  /** The Functions host asks for a key where a function's level is `function`. Core Tools on a laptop do not. */
  readonly hostChecksKeys: boolean;
}

/** What the environment says about one job; absent means: as its file says. */
export interface JobOverrides {
  readonly schedule?: string;
  readonly timeZone?: string;
  readonly enabled?: boolean;
  readonly maxRetries?: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

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

/** The environment of this process. The only place that reads it. */
export function environment(): Environment {
  return process.env;
}

/** Gives a library what it asks the environment for and takes in no other way. */
export function setForLibrary(values: Readonly<Record<string, string>>): void {
  Object.assign(process.env, values);
}

/**
 * Reads and checks all settings.
 * @param jobIds the ids of all jobs, whose own settings are read as well
 * @param unscheduled those of them that no settings can give a schedule
 * @throws ConfigError naming every fault at once
 */
export function readConfig(
  env: Environment,
  jobIds: readonly string[] = [],
  unscheduled: readonly string[] = [],
): Config {
  const faults: string[] = [];
  const value = (name: string, setting: Setting<unknown>): unknown => {
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
  const values = Object.fromEntries(Object.entries(SETTINGS).map(([name, setting]) => [name, value(name, setting)]));
  if (!env.DATABASE_URL?.trim())
    faults.push("DATABASE_URL is missing: set it to postgres://user:password@host/database");
  if (Number(values.JOB_HEARTBEAT) * 3 > Number(values.JOB_LEASE)) {
    const [lease, heartbeat] = [Number(values.JOB_LEASE), Number(values.JOB_HEARTBEAT)].map(inWords);
    faults.push(`JOB_HEARTBEAT: expected at most a third of JOB_LEASE, which is ${lease}, got ${heartbeat}`);
  }
  if (values.ROTA_OPERATOR_KEY !== undefined && values.ROTA_OPERATOR_KEY === values.ROTA_VIEWER_KEY) {
    faults.push("ROTA_VIEWER_KEY: expected another key than ROTA_OPERATOR_KEY, which opens more");
  }
  for (const provider of (values.ETF_PROVIDERS ?? []) as Values["ETF_PROVIDERS"]) {
    const key = provider === "yahoo" ? undefined : KEY_OF_PROVIDER[provider];
    if (key && values[key] === undefined) faults.push(`${key} is missing: ETF_PROVIDERS names ${provider}`);
  }
  for (const name of ["LLM_API_KEY", "LLM_MODEL"] as const) {
    if (values.LLM_BASE_URL && !values[name]) faults.push(`${name} is missing: LLM_BASE_URL needs it`);
  }
  faults.push(...notificationFaults(values));
  const jobs = new Map(jobIds.map((id) => [id, jobOverrides(id, value)]));
  for (const [id, setting] of Object.entries(ZONE_OF_JOB)) {
    const zone = env[setting]?.trim() ? values[setting] : undefined;
    if (jobs.has(id) && zone !== undefined) jobs.set(id, { timeZone: zone as string, ...jobs.get(id) });
  }
  for (const [id, overrides] of jobs) faults.push(...scheduleFaults(id, overrides));
  for (const id of unscheduled) faults.push(...uselessFaults(id, jobs.get(id)));
  faults.push(...misspelt(env, jobIds));
  if (faults.length) throw new ConfigError(faults);
  values.DATABASE_TLS ??= isLoopback(values.DATABASE_URL as string) ? "disable" : "verify";
  values.TEMP_DIRECTORY ??= join(tmpdir(), "rota-documents");
  return { ...(values as unknown as Config), jobs, protection: protectionOf(env) };
}

const KEY_OF_PROVIDER = {
  "alpha-vantage": "ALPHA_VANTAGE_KEY",
  "twelve-data": "TWELVE_DATA_KEY",
  stooq: "STOOQ_KEY",
} as const;

/** The last two are the platform's own variables, which nobody writes down for the app. */
function protectionOf(env: Environment): Protection {
  return {
    operatorKey: env.ROTA_OPERATOR_KEY?.trim() || undefined,
    viewerKey: env.ROTA_VIEWER_KEY?.trim() || undefined,
    easyAuth: env.WEBSITE_AUTH_ENABLED?.toLowerCase() === "true",
    hostChecksKeys: env.AZURE_FUNCTIONS_ENVIRONMENT !== "Development",
  };
}

/** The settings that every job has, by job id: `SYNC_FX_LATEST_SCHEDULE`, … */
export function jobSettingNames(jobId: string): Record<keyof JobOverrides, string> {
  const id = jobId.toUpperCase();
  return {
    schedule: `${id}_SCHEDULE`,
    timeZone: `${id}_TIME_ZONE`,
    enabled: `${id}_ENABLED`,
    maxRetries: `${id}_MAX_RETRIES`,
  };
}

/** Jobs whose zone is a setting that they share with others, unless they have one of their own. */
const ZONE_OF_JOB: Readonly<Record<string, Name>> = {
  send_digest_email: "TAX_LIENS_TIME_ZONE",
  ingest_county_liens: "TAX_LIENS_TIME_ZONE",
  archive_old_documents: "TAX_LIENS_TIME_ZONE",
};

/** What every job can be told, whatever its file says. */
export const JOB_SETTINGS = {
  schedule: text({ about: "When it runs: second minute hour day month day-of-week." }),
  timeZone: text({ about: "The zone of its schedule: an IANA name such as Europe/Berlin." }),
  enabled: flag({ about: "false: its slots are recorded as skipped." }),
  maxRetries: whole(0, 100, { about: "Retries after the first attempt." }),
} satisfies Record<keyof JobOverrides, Setting<unknown>>;

function jobOverrides(id: string, value: (name: string, setting: Setting<unknown>) => unknown): JobOverrides {
  const names = jobSettingNames(id);
  const entries = Object.entries(JOB_SETTINGS).map(([key, setting]) => [
    key,
    value(names[key as keyof JobOverrides], setting),
  ]);
  return Object.fromEntries(entries.filter(([, given]) => given !== undefined)) as JobOverrides;
}

function scheduleFaults(id: string, { schedule, timeZone }: JobOverrides): string[] {
  const names = jobSettingNames(id);
  const faults: string[] = [];
  if (schedule !== undefined) readNcrontab(schedule, (fault) => faults.push(`${names.schedule}: ${fault}`));
  if (timeZone !== undefined) checkZoneName(timeZone, (fault) => faults.push(`${names.timeZone}: ${fault}`));
  return faults;
}

/** It would be ignored in silence. */
function uselessFaults(id: string, { schedule, timeZone }: JobOverrides = {}): string[] {
  const names = jobSettingNames(id);
  const given = [schedule !== undefined && names.schedule, timeZone !== undefined && names.timeZone];
  return given.flatMap((name) =>
    name ? [`${name}: ${id} has no schedule and runs when it is asked for; remove the setting`] : [],
  );
}

/** A name that nobody reads but that looks like one of ours is a typing error, and would be ignored in silence. */
function misspelt(env: Environment, jobIds: readonly string[]): string[] {
  const known = new Set([...Object.keys(SETTINGS), ...jobIds.flatMap((id) => Object.values(jobSettingNames(id)))]);
  return Object.keys(env).flatMap((name) => {
    if (known.has(name) || !/^[A-Z][A-Z0-9_]{6,}$/.test(name)) return [];
    const meant = suggestion(name, known);
    return meant && !(meant in env) ? [`${name}: no such setting; did you mean ${meant}?`] : [];
  });
}

function isLoopback(databaseUrl: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]|)$/i.test(new URL(databaseUrl).hostname);
}
