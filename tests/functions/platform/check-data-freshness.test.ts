import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { connect, type Db } from "#data/client.ts";
import { insertRates } from "#data/portfolio/exchange-rates.ts";
import { checkDataFreshness } from "#functions/platform/check-data-freshness.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { runJob } from "#support/run-job.ts";

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await migratedDatabase();
  db = connect({ url: database.url, poolMax: 4, idleMs: 60_000, tls: "disable", prepare: true });
});
beforeEach(async () => {
  await emptyTables(db, ["portfolio.exchange_rates", "platform.notifications", "platform.job_runs"]);
});
afterAll(async () => {
  await db.$client.end();
  await database.drop();
});

const rateOf = (date: string, ...quotes: string[]) =>
  insertRates(db, [{ date, rates: quotes.map((quote) => ({ quote, rate: "1.08" })) }], "ecb");
const check = async (asOf: string) => (await runJob(checkDataFreshness, { db, asOf })).result;
const notices = () =>
  db.execute<{ recipient: string; severity: string; title: string; body: string }>(
    "select recipient, severity, title, body from platform.notifications order by created_at, id",
  );

it("says nothing while all data is fresh or nothing was ever due", async () => {
  expect(await check("2026-03-10T12:05:00Z")).toMatchObject({ stale: 0, late: 0, notified: 0 });
  await rateOf("2026-03-09", "USD");
  expect(await check("2026-03-10T12:05:00Z")).toMatchObject({ stale: 0, late: 0, notified: 0 });
  expect(await notices()).toHaveLength(0);
});

it("notifies the operators once of late elements, and again when more become late", async () => {
  await rateOf("2026-03-09", "USD", "GBP");
  await rateOf("2026-03-06", "JPY");
  expect(await check("2026-03-10T12:05:00Z")).toMatchObject({ stale: 1, late: 1, notified: 1 });
  expect(await check("2026-03-10T13:05:00Z")).toMatchObject({ late: 1, notified: 0 });
  expect(await notices()).toMatchObject([
    {
      severity: "WARN",
      title: "ECB reference rates: 1 of 3 have no new data",
      body: "Late, with the day of the newest data: JPY (2026-03-06). sync_fx_latest and sync_fx_historical load it; GET api/admin/freshness/exchange_rates lists all.",
    },
  ]);

  await rateOf("2026-03-10", "USD");
  expect(await check("2026-03-11T12:05:00Z"), "sterling as well").toMatchObject({ late: 2, notified: 1 });
  await rateOf("2026-03-10", "GBP");
  expect(await check("2026-03-11T13:05:00Z"), "sterling no more").toMatchObject({ late: 1, notified: 0 });
});

it("names ten elements and counts the others", async () => {
  await rateOf("2026-03-02", ..."AUD BRL CAD CHF CNY CZK DKK GBP HKD HUF IDR ILS".split(" "));
  await check("2026-03-10T12:05:00Z");
  const [{ body } = { body: "" }] = await notices();
  expect(body).toContain("AUD (2026-03-02), ");
  expect(body).toContain("HUF (2026-03-02) and 2 more.");
});
