import type { Db } from "#data/client.ts";
import { newestPriceDates } from "#data/portfolio/etf-prices.ts";
import { ratedCurrencies } from "#data/portfolio/exchange-rates.ts";
import { heldPoints } from "#data/portfolio/suspect-points.ts";
import { lastIngestions } from "#data/tax-liens/counties.ts";
import { behind, type DataSet, type ElementFreshness, type Freshness, freshnessOf } from "#operations/freshness.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import { hasEndedAtEcb } from "#rules/portfolio/currency.ts";
import { listingOf } from "#rules/portfolio/exchange.ts";
import { isTradingDay, suffixOf } from "#rules/portfolio/exchange-days.ts";
import { isTargetDay } from "#rules/portfolio/target-days.ts";
import { portfolio, taxLiens } from "./families.ts";

const BERLIN = "Europe/Berlin";

/** The data sets whose freshness is watched, by family. */
export const dataSets: readonly DataSet[] = [
  {
    id: "exchange_rates",
    family: portfolio.id,
    title: "ECB reference rates",
    element: "currency",
    jobs: ["sync_fx_latest", "sync_fx_historical"],
    // Published on working days at about 16:00: the rates of today are not late yet.
    allowedWorkingDays: 1,
    isWorkingDay: isTargetDay,
    elements: async (db) => {
      const held = await heldPoints(db, "rate");
      return (await ratedCurrencies(db)).map(({ quote, newest, neededSince }) => ({
        id: quote,
        zone: BERLIN,
        newest,
        since: neededSince && civilDateIn(BERLIN, neededSince),
        hasEnded: hasEndedAtEcb(quote, newest),
        held: held.get(quote),
      }));
    },
  },
  {
    id: "etf_prices",
    family: portfolio.id,
    title: "Prices of the ETFs in use",
    element: "ETF",
    jobs: ["sync_etf_prices", "fetch_etf"],
    // The day after a trading day, its price is late.
    allowedWorkingDays: 1,
    // Of an exchange whose calendar is not known.
    isWorkingDay: isTargetDay,
    elements: async (db) => {
      const held = await heldPoints(db, "price");
      return (await newestPriceDates(db)).map(({ symbol, newest, addedAt }) => {
        const listing = listingOf(symbol);
        const zone = listing?.exchange.zone ?? BERLIN;
        const since = civilDateIn(zone, addedAt);
        const isTraded = (date: string) => isTradingDay(suffixOf(symbol), date);
        return { id: symbol, zone, newest, since, held: held.get(symbol), ...(listing && { isWorkingDay: isTraded }) };
      });
    },
  },
  {
    id: "county_liens",
    family: taxLiens.id,
    title: "Tax liens of the active counties",
    element: "county",
    jobs: ["ingest_county_liens"],
    allowedWorkingDays: 1,
    // Every night, also on weekends and holidays.
    isWorkingDay: () => true,
    elements: async (db) =>
      (await lastIngestions(db)).map(({ id, timeZone: zone, lastIngestedAt, createdAt }) => ({
        id,
        zone,
        newest: lastIngestedAt && civilDateIn(zone, lastIngestedAt),
        since: civilDateIn(zone, createdAt),
      })),
  },
];

/** A data set with its age now. */
export interface JudgedSet {
  readonly set: DataSet;
  readonly freshness: Freshness;
}

/** Judges every data set. */
export function judgeDataSets(db: Db, now: Date): Promise<JudgedSet[]> {
  return Promise.all(dataSets.map((set) => judgeDataSet(set, db, now)));
}

export async function judgeDataSet(set: DataSet, db: Db, now: Date): Promise<JudgedSet> {
  return { set, freshness: freshnessOf(set, await set.elements(db), now) };
}

/** The late elements, the longest late first. */
export function lateElements(freshness: Freshness): ElementFreshness[] {
  return behind(freshness).filter(({ isLate }) => isLate);
}
