import { duration, flag, type Setting } from "./setting.ts";

/** Requests to services outside. */
export const OUTBOUND_SETTINGS = {
  ALLOW_INTERNET_SYNC: flag({
    about:
      "false: no job fetches data from outside; HTTP triggers answer 409, and scheduled runs are skipped with that reason. Lists in blob storage are still ingested; notifications follow commsEnabled.",
    fallback: "true",
  }),
  OUTBOUND_TIMEOUT: duration("1ms", "1h", { about: "Timeout of one outbound request.", fallback: "30s" }),
} satisfies Record<string, Setting<unknown>>;
