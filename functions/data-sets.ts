import { newestPriceDate } from "#data/portfolio/etf-prices.ts";
import { newestRateDate } from "#data/portfolio/exchange-rates.ts";
import { newestListDate } from "#data/tax-liens/counties.ts";
import type { DataSet } from "#operations/freshness.ts";
import { isTargetDay } from "#rules/portfolio/target-days.ts";
import { portfolio, taxLiens } from "./families.ts";

/** The data sets that the freshness check watches, by family. */
export const dataSets: readonly DataSet[] = [
  {
    id: "exchange_rates",
    family: portfolio.id,
    title: "ECB reference rates",
    jobs: ["sync_fx_latest", "sync_fx_historical"],
    // Published on working days at about 16:00: the rates of today are not late yet.
    allowedWorkingDays: 1,
    isWorkingDay: isTargetDay,
    zone: "Europe/Berlin",
    newest: newestRateDate,
  },
  {
    id: "etf_prices",
    family: portfolio.id,
    title: "ETF prices",
    jobs: ["sync_etf_prices", "fetch_etf"],
    // European exchanges have nearly the same holidays as TARGET.
    allowedWorkingDays: 2,
    isWorkingDay: isTargetDay,
    zone: "Europe/Berlin",
    newest: newestPriceDate,
  },
  {
    id: "county_liens",
    family: taxLiens.id,
    title: "Tax liens per county, by the active county that is furthest behind",
    jobs: ["ingest_county_liens"],
    allowedWorkingDays: 1,
    // Every night, also on weekends and holidays.
    isWorkingDay: () => true,
    zone: "America/Phoenix",
    newest: newestListDate,
  },
];
