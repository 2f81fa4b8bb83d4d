import { byHost, flag, type Setting, shares, timeZone, whole } from "./setting.ts";

/** Counties' lists, valuations and the analysis of tax liens. */
export const TAX_LIEN_SETTINGS = {
  TAX_LIENS_TIME_ZONE: timeZone({
    about: "Time zone of the tax-lien jobs and of the digest e-mail, unless the job sets its own.",
    fallback: "America/Phoenix",
  }),
  COUNTY_LISTS_LOOPBACK: flag({
    about: "Whether lists of counties may come from this machine's loopback address. For demos and tests only.",
    fallback: "false",
  }),
  SOCRATA_APP_TOKENS: byHost({
    about:
      "Socrata app tokens for lists of counties, by host: data.example.gov=…,data.example.org=…. Each token is sent only to its host, as X-App-Token.",
    secret: true,
  }),
  DEAL_RISK_WEIGHTS: shares(["ltv", "property_type", "valuation_age", "redemption_time", "flags"], {
    about: "Maximum points of each factor in a tax lien's risk score; together 100.",
    fallback: "ltv=40,property_type=20,valuation_age=15,redemption_time=15,flags=10",
  }),
  VALUATION_STALE_DAYS: whole(1, 36_500, {
    about: "Age in days at which a property's valuation no longer counts.",
    fallback: "90",
  }),
  INGESTION_RETENTION_DAYS: whole(7, 36_500, {
    about: "Days after its end that an ingestion is kept, with its counts and refused rows.",
    fallback: "365",
  }),
  INGESTION_UNDO_DAYS: whole(1, 3_650, {
    about: "Days after its end that an ingestion can be undone: the values that it changed are kept so long.",
    fallback: "30",
  }),
  LOG_RETENTION_DAYS: whole(1, 36_500, {
    about: "Days that an agent's episode and a call of a language model stay in the database.",
    fallback: "365",
  }),
  LOG_ARCHIVE: flag({
    about: "Whether old episodes and calls of language models move to blob storage before they are deleted.",
    fallback: "true",
  }),
} satisfies Record<string, Setting<unknown>>;
