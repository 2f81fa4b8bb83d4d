import { beforeAll, expect, it } from "vitest";
import { listContributions, listValues } from "#data/portfolio/pensions.ts";
import { initializeEtfPension } from "#functions/portfolio/initialize-etf-pension.ts";
import { retryPendingEtfValuations } from "#functions/portfolio/retry-pending-etf-valuations.ts";
import { inWholeUnits, priceUnit } from "#rules/portfolio/price-unit.ts";
import { openDatabase } from "#support/database.ts";
import { ratesOf } from "#support/factories.ts";
import { anEtf, aPension, closesOf, finalRows } from "#support/pensions.ts";
import { runJob } from "#support/run-job.ts";

/*
 * A pension in euros on an ETF in pounds, from February to May 2026, computed by hand. Pounds for 1 EUR:
 */
const POUNDS = {
  "2026-02-16": "0.86",
  "2026-02-27": "0.87",
  "2026-03-02": "0.88",
  "2026-03-16": "0.875",
  "2026-04-02": "0.84",
  "2026-04-07": "0.85",
  // 2026-04-14 is missing at first.
  "2026-04-15": "0.855",
  "2026-04-30": "0.858",
  "2026-05-15": "0.865",
};

/*
 * Three contributions become units, with 12 decimals:
 *
 *   date                    amount   its rate                          pounds   ÷ close of          units
 *   Mon 16 February     500.00 EUR   × 0.86 of the day                 430.00   Mon 16 Feb 20.00    21.5
 *   Sat 28 February     250.00 EUR   × 0.87 of Friday                  217.50   Mon 2 March 20.40   10.661764705882|35…
 *   Good Friday 3 April 120.00 USD   × 0.84 ÷ 1.20 of Thursday = 0.7    84.00   Tue 7 April 21.25    3.952941176470|58…
 */
const UNITS = [
  { reference: "first", boughtOn: "2026-02-16", price: "20", fxRate: "0.86", units: "21.500000000000" },
  { reference: "saturday", boughtOn: "2026-03-02", price: "20.4", fxRate: "0.87", units: "10.661764705882" },
  { reference: "holiday", boughtOn: "2026-04-07", price: "21.25", fxRate: "0.7", units: "3.952941176471" },
];

/*
 * Units held, times the close (pence at the provider, pounds here), divided by the pounds of a euro. Half a cent
 * rounds up.
 */
const BY_HAND = [
  // date         units held         × pence  = pounds        ÷ rate   = euros (unrounded)
  ["2026-02-16", "21.500000000000", "2000", /* 430.00     */ "500.00"], // ÷ 0.86  = 500.000
  ["2026-02-27", "21.500000000000", "2020", /* 434.30     */ "499.20"], // ÷ 0.87  = 499.195…
  ["2026-03-02", "32.161764705882", "2040", /* 656.10     */ "745.57"], // ÷ 0.88  = 745.568…
  ["2026-03-16", "32.161764705882", "2050", /* 659.316…   */ "753.50"], // ÷ 0.875 = 753.504…
  ["2026-04-02", "32.161764705882", "2100", /* 675.397…   */ "804.04"], // ÷ 0.84  = 804.044…
  ["2026-04-07", "36.114705882353", "2125", /* 767.4375   */ "902.87"], // ÷ 0.85  = 902.867…
  ["2026-04-14", "36.114705882353", "2130", /* 769.243…   */ "901.81"], // ÷ 0.853 = 901.809…, once it is published
  ["2026-04-15", "36.114705882353", "2140", /* 772.854…   */ "903.92"], // ÷ 0.855 = 903.923…
  ["2026-04-30", "36.114705882353", "2150", /* 776.466…   */ "904.97"], // ÷ 0.858 = 904.972…
  ["2026-05-01", "36.114705882353", "2160", /* 780.077…   */ "909.18"], // ÷ 0.858 = 909.181…, of 30 April: holiday
  ["2026-05-15", "36.114705882353", "2200", /* 794.523…   */ "918.52"], // ÷ 0.865 = 918.524…
] as const;

const pounds = (pence: string) => inWholeUnits(pence, priceUnit("GBp")!);

const IN_POUNDS = BY_HAND.map(([date, units, pence, value]) => [date, units, pounds(pence), value]);

const { db } = await openDatabase();
let pension: string;
beforeAll(async () => {
  const etf = await anEtf(db, { symbol: "PENCE.L", currency: "GBP" });
  await closesOf(db, etf, Object.fromEntries(BY_HAND.map(([date, , pence]) => [date, pounds(pence)])));
  for (const [date, GBP] of Object.entries(POUNDS)) await ratesOf(db, date, { GBP, USD: "1.20" });
  const contributions = [
    { reference: "first", date: "2026-02-16", amount: "500.00" },
    { reference: "saturday", date: "2026-02-28", amount: "250.00" },
    { reference: "holiday", date: "2026-04-03", amount: "120.00", currency: "USD" },
  ];
  pension = await aPension(db, etf, { contributions });
});

const FRIDAY_NIGHT = "2026-05-15T21:00:00Z";

it("contributions buy units, and every trading day has a value except the one without a rate", async () => {
  const { result } = await runJob(initializeEtfPension, { db, asOf: FRIDAY_NIGHT, input: { pensionId: pension } });
  expect(result).toEqual({ bought: 3, valued: 10, completed: 0, waiting: 1, closed: 0 });

  expect(await listContributions(db, pension)).toMatchObject(UNITS);
  const values = await listValues(db, pension, { limit: 100 });
  expect(
    values.filter(({ state }) => state === "final").map(({ date, units, price, value }) => [date, units, price, value]),
  ).toEqual(IN_POUNDS.filter(([date]) => date !== "2026-04-14"));
  expect(values.find(({ date }) => date === "2026-04-14")).toEqual({
    date: "2026-04-14",
    units: "36.114705882353",
    price: "21.3",
    fxRate: null,
    value: null,
    state: "pending",
    reason: "rate",
  });
});

it("after its rate arrives, the retry completes that day and changes no other", async () => {
  const before = await finalRows(db);
  const { result: tooEarly } = await runJob(retryPendingEtfValuations, { db, asOf: FRIDAY_NIGHT });
  expect(tooEarly).toMatchObject({ pensions: 1, valued: 0, completed: 0, waiting: 0 });

  await ratesOf(db, "2026-04-14", { GBP: "0.853", USD: "1.20" });
  const { result } = await runJob(retryPendingEtfValuations, { db, asOf: FRIDAY_NIGHT });
  expect(result).toMatchObject({ pensions: 1, valued: 0, completed: 1, waiting: 0 });

  const values = await listValues(db, pension, { limit: 100 });
  expect(values.map(({ date, units, price, value }) => [date, units, price, value])).toEqual(IN_POUNDS);
  const after = await finalRows(db);
  expect(after.size).toBe(before.size + 1);
  for (const [day, written] of before) expect(after.get(day), day).toBe(written);

  const { result: again } = await runJob(retryPendingEtfValuations, { db, asOf: FRIDAY_NIGHT });
  expect(again, "nothing is left to look at").toEqual({ pensions: 0 });
  expect(await finalRows(db)).toEqual(after);
});
