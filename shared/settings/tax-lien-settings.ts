import { byHost, flag, shares, timeZone, whole, type Setting } from "./setting.ts";

/** Counties' lists, valuations and the analysis of tax liens. */
export const TAX_LIEN_SETTINGS = {
  TAX_LIENS_TIME_ZONE: timeZone({
    about: "Local time of the tax liens' jobs and of the digest.",
    fallback: "America/Phoenix",
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
  DEAL_RISK_WEIGHTS: shares(["ltv", "property_type", "valuation_age", "redemption_time", "flags"], {
    about: "How many points of a tax lien's risk score each factor has at its worst.",
    fallback: "ltv=40,property_type=20,valuation_age=15,redemption_time=15,flags=10",
  }),
  VALUATION_STALE_DAYS: whole(1, 36_500, {
    about: "Days after which the valuation of a property is too old to count.",
    fallback: "90",
  }),
} satisfies Record<string, Setting<unknown>>;
