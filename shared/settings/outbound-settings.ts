import { duration, flag, type Setting } from "./setting.ts";

/** Requests to services outside. */
export const OUTBOUND_SETTINGS = {
  ALLOW_INTERNET_SYNC: flag({
    about: "false: no job fetches from outside; triggers answer 409, scheduled runs are skipped with that reason.",
    fallback: "true",
  }),
  OUTBOUND_TIMEOUT: duration("1ms", "1h", { about: "Longest wait for one answer from outside.", fallback: "30s" }),
} satisfies Record<string, Setting<unknown>>;
