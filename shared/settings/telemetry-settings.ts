import { durationOrOff, matching, oneOf, type Setting, whole } from "./setting.ts";

/** The log and Application Insights. */
export const TELEMETRY_SETTINGS = {
  LOG_LEVEL: oneOf(["debug", "info", "warn", "error"], { about: "Lowest level that is logged.", fallback: "info" }),
  LOG_FORMAT: oneOf(["json", "pretty"], {
    about: "json: one JSON object a line; pretty: lines for a person. Default: pretty on a terminal, otherwise json.",
  }),
  EVENT_LOOP_LIMIT: durationOrOff("50ms", "1h", {
    about:
      "Time that one turn of the event loop may take. The log names the runs and requests in progress when one takes longer. 0 switches the watchdog off.",
    fallback: "1s",
  }),
  APPLICATIONINSIGHTS_CONNECTION_STRING: matching(
    /^(?=.*\bInstrumentationKey=[^;])/i,
    "InstrumentationKey=…;IngestionEndpoint=https://…",
    {
      about:
        "Application Insights resource that receives logs, runs, dependencies and metrics. Without it no telemetry leaves the process.",
      secret: true,
    },
  ),
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: matching(
    /^(?=.*\bAuthorization=AAD\b)/i,
    "Authorization=AAD or ClientId=…;Authorization=AAD",
    {
      about: "Sends telemetry with the app's managed identity; with ClientId for a user-assigned identity.",
    },
  ),
  TELEMETRY_SAMPLING_PERCENT: whole(1, 100, {
    about: "Percentage of operations whose runs, dependencies and logs are sent. Metrics count all operations.",
    fallback: "100",
  }),
} satisfies Record<string, Setting<unknown>>;
