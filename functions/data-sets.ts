import { newestPriceDate } from "#data/portfolio/etf-prices.ts";
import { newestRateDate } from "#data/portfolio/exchange-rates.ts";
import { newestListDate } from "#data/tax-liens/counties.ts";
import type { DataSet } from "#operations/freshness.ts";
import { isTargetDay } from "#rules/portfolio/target-days.ts";
import { portfolio, taxLiens } from "./families.ts";

/** Every data set that has to be kept fresh, by family. */
export const dataSets: readonly DataSet[] = [
  {
    id: "exchange_rates",
    family: portfolio.id,
    title: "ECB reference rates",
    jobs: ["sync_fx_latest", "sync_fx_historical"],
    // Published on working days about 16:00; the day itself is still time.
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
    // The exchanges of Europe keep the same holidays, but for one or two that last no longer.
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
    // Every night, whatever the day.
    isWorkingDay: () => true,
    zone: "America/Phoenix",
    newest: newestListDate,
  },
];
