import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { jobs } from "#functions/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { TestClock } from "#support/test-clock.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

/** A Sunday. */
const clock = new TestClock(new Date("2026-04-12T10:00:00Z"));
let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, jobs, { clock });
  await api.db.execute(sql`
    insert into portfolio.exchange_rates (date, quote, rate, source)
    values ('2026-04-09', 'USD', 1.25, 'ecb'), ('2026-04-10', 'USD', 1.2, 'ecb'), ('2026-04-10', 'GBP', 0.8, 'ecb')`);
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

interface Answer {
  date: string;
  base: string;
  rates: { base: string; quote: string; rate: unknown; date: string }[];
}
const get = (query: string) => api.call<Answer>("GET", `api/v1/exchange-rates${query}`);

it("without parameters the response has the newest rates of the euro in all currencies", async () => {
  const { status, body } = await get("");
  expect(status).toBe(200);
  expect(body).toMatchObject({ date: "2026-04-12", base: "EUR" });
  expect(body.rates.map(({ quote, rate, date }) => [quote, Number(rate), date]).sort()).toEqual([
    ["GBP", 0.8, "2026-04-10"],
    ["USD", 1.2, "2026-04-10"],
  ]);
});

it("a cross rate is computed through the euro, and a rate into the euro is inverted", async () => {
  const { body } = await get("?base=GBP&quote=USD&date=2026-04-10");
  expect(body.rates).toMatchObject([{ base: "GBP", quote: "USD", date: "2026-04-10" }]);
  expect(Number(body.rates[0]!.rate)).toBe(1.5);
  expect(Number((await get("?base=GBP&quote=EUR")).body.rates[0]!.rate)).toBe(1.25);
});

it("a date gets the rates published by then, and no later ones", async () => {
  expect(Number((await get("?quote=USD&date=2026-04-09")).body.rates[0]!.rate)).toBe(1.25);
  expect((await get("?quote=GBP&date=2026-04-09")).status).toBe(404);
});

it.each(["?date=2026-02-30", "?base=euro", "?currency=USD"])("%s is refused", async (query) => {
  expect((await get(query)).status).toBe(400);
});
