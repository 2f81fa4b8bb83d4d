import { fraction, type Setting, whole } from "./setting.ts";

/** What `run_watchers` reports. */
export const WATCH_SETTINGS = {
  WATCH_FAILURES: whole(1, 1_000, {
    about: "Failures of one action of personal operations within 30 minutes that are an incident (WARN).",
    fallback: "3",
  }),
  WATCH_LIMIT_INFO: fraction({
    about: "Used share of a provider's rate limit or quota, from 0 to 1, that is an incident (INFO).",
    fallback: "0.8",
  }),
  WATCH_LIMIT_WARN: fraction({
    about: "Used share of a provider's rate limit or quota, from 0 to 1, that is an incident (WARN).",
    fallback: "0.95",
  }),
  WATCH_VOLUME_FACTOR: whole(2, 1_000, {
    about:
      "Calls to a provider in an hour that are an incident, in multiples of the usual number: INFO, or WARN from twice as many on.",
    fallback: "3",
  }),
  WATCH_VOLUME_LEAST: whole(1, 1_000_000, {
    about: "Calls to a provider in an hour below which no volume is an incident.",
    fallback: "30",
  }),
  WATCH_DATABASE_MS: whole(1, 600_000, {
    about:
      "Milliseconds that the database may take for a transaction, on the mean of five minutes, before it is an incident (WARN).",
    fallback: "1000",
  }),
} satisfies Record<string, Setting<unknown>>;
