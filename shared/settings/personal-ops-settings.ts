import { duration, fraction, matching, type Setting, text, timeZone, url, whole } from "./setting.ts";

/** One person's operations: what is synchronised, and when the person is addressed. */
export const PERSONAL_OPS_SETTINGS = {
  PERSONAL_OPS_TIME_ZONE: timeZone({
    about: "Time zone of the person, by which the digest and the morning call are scheduled.",
    fallback: "America/Chicago",
  }),
  PERSONAL_OPS_RECIPIENT: text({
    about: "Recipient of the digest, the call and all alerts of personal operations, as the allow-list names it.",
    fallback: "user:owner",
  }),
  PERSONAL_OPS_LONGEST_RUN: duration("1s", "1d", {
    about: "A run of personal operations that takes longer is an alert.",
    fallback: "30s",
  }),
  PERSONAL_OPS_FAILURE_RATE: fraction({
    about: "A larger share of failed attempts of personal operations in an hour is an alert, from 10 attempts on.",
    fallback: "0.1",
  }),
  PERSONAL_OPS_QUEUE_DEPTH: whole(1, 1_000_000, {
    about: "More due runs and retry jobs of personal operations that wait are an alert.",
    fallback: "100",
  }),
  PERSONAL_OPS_LONGEST_WAIT: duration("1m", "30d", {
    about: "A due run of any family that waits longer, with no closed gate and no earlier run ahead, is an alert.",
    fallback: "10m",
  }),
  PERSONAL_OPS_FREE_DISK_MB: whole(1, 10_000_000, {
    about: "Less free disk for TEMP_DIRECTORY, in megabytes, is an alert.",
    fallback: "500",
  }),
  NOTION_TOKEN: text({ about: "Token of an internal integration of Notion that may read.", secret: true }),
  NOTION_DATA_SOURCES: matching(/^[0-9a-f-]{32,36}(,[0-9a-f-]{32,36})*$/i, "ids of data sources, separated by commas", {
    about: "Ids of the Notion data sources whose pages are remembered.",
  }),
  NOTION_BASE_URL: url(["https", "http"], {
    about: "Base address of Notion's API.",
    fallback: "https://api.notion.com",
  }),
  N8N_BASE_URL: url(["https", "http"], { about: "Address of the n8n server, without the path of its API." }),
  N8N_API_KEY: text({ about: "Key of n8n's public API.", secret: true }),
  HUBSPOT_TOKEN: text({
    about: "Access token of a private app of HubSpot with the scope crm.objects.contacts.read and no writing scope.",
    secret: true,
  }),
  HUBSPOT_BASE_URL: url(["https", "http"], {
    about: "Base address of HubSpot's API.",
    fallback: "https://api.hubapi.com",
  }),
} satisfies Record<string, Setting<unknown>>;

/** A source that is configured in part could not be read. */
export function personalOpsFaults(values: Readonly<Record<string, unknown>>): string[] {
  const pairs = [
    ["NOTION_TOKEN", "NOTION_DATA_SOURCES"],
    ["N8N_BASE_URL", "N8N_API_KEY"],
  ] as const;
  return pairs.flatMap((names) => {
    const present = names.find((name) => values[name] !== undefined);
    return present === undefined
      ? []
      : names.filter((name) => values[name] === undefined).map((name) => `${name} is missing: ${present} needs it`);
  });
}
