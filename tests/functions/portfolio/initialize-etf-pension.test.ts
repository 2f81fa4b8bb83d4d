import fc from "fast-check";
import { expect, it } from "vitest";
import { etfs } from "#data/portfolio/etf-schema.ts";
import { findPension, listContributions, listValues } from "#data/portfolio/pensions.ts";
import { initializeEtfPension } from "#functions/portfolio/initialize-etf-pension.ts";
import { retryPendingEtfValuations } from "#functions/portfolio/retry-pending-etf-valuations.ts";
import { totalUnits, unitsFor, valueOf } from "#rules/portfolio/valuation.ts";
import { openDatabase } from "#support/database.ts";
import { ratesOf } from "#support/factories.ts";
import { anEtf, aPension, closesOf, finalRows } from "#support/pensions.ts";
import { runJob } from "#support/run-job.ts";
import { anAmount, aPrice, aRate } from "../../shared/rules/portfolio/any-money.ts";

/** A Friday night: the prices of the week may be stored. */
const FRIDAY = "2026-03-06T22:00:00Z";
const WEEK = { "2026-03-02": "10", "2026-03-03": "11", "2026-03-04": "12", "2026-03-05": "13", "2026-03-06": "14" };

const { db } = await openDatabase();

const initialize = (pensionId: string) => runJob(initializeEtfPension, { db, asOf: FRIDAY, input: { pensionId } });
const retry = () => runJob(retryPendingEtfValuations, { db, asOf: FRIDAY });
const shown = async (id: string) =>
  (await listValues(db, id, { limit: 100 })).map(({ date, value, reason }) => `${date.slice(8)} ${value ?? reason}`);

it("a second run writes nothing", async () => {
  const etf = await anEtf(db);
  await closesOf(db, etf, WEEK);
  const id = await aPension(db, etf, {
    contributions: [{ date: "2026-03-02" }, { date: "2026-03-04", amount: "24.00" }],
  });
  expect((await initialize(id)).result).toMatchObject({ bought: 2, valued: 5 });
  expect(await shown(id)).toEqual(["02 100.00", "03 110.00", "04 144.00", "05 156.00", "06 168.00"]);
  expect(await findPension(db, id)).toMatchObject({ state: "ready", latest: { date: "2026-03-06", value: "168.00" } });

  const before = await finalRows(db);
  expect((await initialize(id)).result).toEqual({ bought: 0, valued: 0, completed: 0, waiting: 0, closed: 0 });
  expect(await finalRows(db)).toEqual(before);
});

it("a pension that does not exist fails the run at once, with the field", async () => {
  const { run } = await initialize("01900000-0000-7000-8000-000000000000");
  const message = "pensionId: there is no pension 01900000-0000-7000-8000-000000000000";
  expect(run).toMatchObject({ state: "dead", attempt: 1, errors: [{ class: "validation", message }] });
});

it("waits for the prices of a new ETF, and is ready with the first of them", async () => {
  const etf = await anEtf(db, { state: "new", currency: null, series: null });
  const id = await aPension(db, etf, { contributions: [{ date: "2026-03-02" }] });
  expect((await initialize(id)).run.state).toBe("succeeded");
  expect(await findPension(db, id)).toMatchObject({ state: "pending", latest: null });

  await db.update(etfs).set({ state: "ready", currency: "EUR", series: "raw" });
  await closesOf(db, { ...etf, series: "raw" }, WEEK);
  expect((await retry()).result).toMatchObject({ bought: 1, valued: 5 });
  expect(await findPension(db, id)).toMatchObject({ state: "ready", latest: { value: "140.00" } });
});

it("a contribution without a rate makes the days since then wait, and no earlier day", async () => {
  const etf = await anEtf(db);
  await closesOf(db, etf, WEEK);
  const dollars = { date: "2026-03-04", amount: "24.00", currency: "USD" };
  const id = await aPension(db, etf, { contributions: [{ date: "2026-03-02" }, dollars] });
  await initialize(id);
  const half = ["02 100.00", "03 110.00", "04 contribution", "05 contribution", "06 contribution"];
  expect(await shown(id)).toEqual(half);

  await ratesOf(db, "2026-03-05", { USD: "2" });
  await retry();
  expect(await shown(id), "the rate of a later day is not that of the contribution").toEqual(half);
  await ratesOf(db, "2026-03-04", { USD: "2" });
  expect((await retry()).result).toMatchObject({ bought: 1, completed: 3 });
  expect(await shown(id)).toEqual(["02 100.00", "03 110.00", "04 132.00", "05 143.00", "06 154.00"]);
});

it("a contribution without a price in ten days waits: the history is incomplete", async () => {
  const etf = await anEtf(db);
  await closesOf(db, etf, WEEK);
  const id = await aPension(db, etf, { contributions: [{ date: "2026-02-19" }] });
  await initialize(id);
  expect(new Set((await shown(id)).map((day) => day.slice(3)))).toEqual(new Set(["contribution"]));

  await closesOf(db, etf, { "2026-02-27": "5" });
  await retry();
  expect(await listContributions(db, id)).toMatchObject([{ boughtOn: "2026-02-27", units: "20.000000000000" }]);
  expect((await shown(id)).slice(0, 2)).toEqual(["27 100.00", "02 200.00"]);
});

it("prices adjusted for dividends give no value", async () => {
  const etf = await anEtf(db, { series: "adjusted" });
  await closesOf(db, etf, WEEK);
  const id = await aPension(db, etf, { contributions: [{ date: "2026-03-05" }] });
  await initialize(id);
  expect(await shown(id)).toEqual(["05 adjusted", "06 adjusted"]);
});

it("has no days before its first contribution, and none without contributions", async () => {
  const etf = await anEtf(db);
  await closesOf(db, etf, WEEK);
  const late = await aPension(db, etf, { contributions: [{ date: "2026-03-06" }] });
  const empty = await aPension(db, etf);
  for (const id of [late, empty]) await initialize(id);
  expect(await shown(late)).toEqual(["06 100.00"]);
  expect(await shown(empty)).toEqual([]);
  expect(await findPension(db, empty)).toMatchObject({ state: "ready", latest: null });
});

it("the set-based statement gives the same values as the rule, to the last digit", async () => {
  const market = fc.record({
    amounts: fc.array(anAmount, { minLength: 1, maxLength: 4 }),
    prices: fc.tuple(aPrice, aPrice, aPrice),
    pounds: fc.tuple(aRate, aRate, aRate),
    currency: fc.constantFrom("GBP", "EUR", "JPY", "KWD"),
  });
  const days = ["2026-02-02", "2026-02-03", "2026-02-04"];
  let year = 2003;
  await fc.assert(
    fc.asyncProperty(market, async ({ amounts, prices, pounds, currency }) => {
      // Years with 2 February on a weekday separate the days of the cases.
      do year += 1;
      while (
        [0, 5, 6].includes(new Date(`${year}-02-02T00:00:00Z`).getUTCDay()) ||
        [0, 6].includes(new Date(`${year}-02-04T00:00:00Z`).getUTCDay())
      );
      const dates = days.map((day) => day.replace("2026", String(year)));
      const etf = await anEtf(db, { currency: "EUR" });
      await closesOf(db, etf, Object.fromEntries(dates.map((date, i) => [date, prices[i]!])));
      for (const [i, date] of dates.entries())
        await ratesOf(db, date, { GBP: pounds[i]!, JPY: "161.34", KWD: "0.3581" });
      const contributions = amounts.map((amount) => ({ date: dates[0]!, amount }));
      const id = await aPension(db, etf, { currency, contributions });
      await initialize(id);

      const units = totalUnits(amounts.map((amount) => unitsFor({ amount, rate: "1", close: prices[0] })));
      const rateOn = (i: number) => ({ GBP: pounds[i]!, EUR: "1", JPY: "161.34", KWD: "0.3581" })[currency];
      const expected = dates.map((date, i) => ({
        date,
        units,
        price: prices[i]!,
        state: "final",
        reason: null,
        value: valueOf({ units, price: prices[i]!, rate: rateOn(i), currency }),
      }));
      expect((await listValues(db, id, { to: dates[2], limit: 3 })).map(({ fxRate: _rate, ...day }) => day)).toEqual(
        expected,
      );
    }),
    { numRuns: 10 },
  );
});
