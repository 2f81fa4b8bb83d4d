import { matching, oneOf, whole, type Setting } from "./setting.ts";

/** The log and Application Insights. */
export const TELEMETRY_SETTINGS = {
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
} satisfies Record<string, Setting<unknown>>;
