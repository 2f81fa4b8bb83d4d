import { sql } from "drizzle-orm";
import { v7 as uuidv7 } from "uuid";
import type { Db } from "#data/client.ts";
import { insertPrices } from "#data/portfolio/etf-prices.ts";
import { type Etf, etfs } from "#data/portfolio/etf-schema.ts";
import { insertContributions, insertPension, type NewContribution } from "#data/portfolio/pensions.ts";
import { columnsOf } from "#data/portfolio/price-columns.ts";

let made = 0;

/** An ETF in euros with raw prices, by default. */
export async function anEtf(db: Db, given: Partial<typeof etfs.$inferInsert> = {}): Promise<Etf> {
  const [etf] = await db
    .insert(etfs)
    .values({
      symbol: `ETF${++made}.DE`,
      currency: "EUR",
      series: "raw",
      state: "ready",
      inUse: true,
      addedAt: new Date("2026-01-01T00:00:00Z"),
      ...given,
    })
    .returning();
  return etf as Etf;
}

/** Closes by day, in the currency of the ETF. */
export async function closesOf(db: Db, etf: Etf, closes: Readonly<Record<string, string>>): Promise<void> {
  const nothing = { open: null, high: null, low: null, adjustedClose: null, volume: null };
  const points = Object.entries(closes).map(([date, close]) => ({ ...nothing, date, close }));
  await insertPrices(db, [{ etfId: etf.id, source: "yahoo", series: etf.series ?? "raw", columns: columnsOf(points) }]);
}

/** A pension in euros, by default. It has no values. */
export async function aPension(
  db: Db,
  etf: Etf,
  {
    currency = "EUR",
    contributions = [],
  }: { currency?: string; contributions?: readonly (Partial<NewContribution> & Pick<NewContribution, "date">)[] } = {},
): Promise<string> {
  const id = uuidv7();
  await db.transaction(async (tx) => {
    await insertPension(tx, {
      id,
      etfId: etf.id,
      name: "A pension",
      currency,
      createdAt: new Date("2026-01-01T00:00:00Z"),
    });
    await addMoney(tx, id, contributions);
  });
  return id;
}

/** A hundred euros each, by default. */
export async function addMoney(
  db: Pick<Db, "insert">,
  pensionId: string,
  contributions: readonly (Partial<NewContribution> & Pick<NewContribution, "date">)[],
): Promise<void> {
  const whole = contributions.map((one) => ({ reference: `r${++made}`, amount: "100.00", currency: "EUR", ...one }));
  await insertContributions(db as never, pensionId, whole);
}

/** The transaction that wrote each final day: an equal id later shows that no write touched it. */
export async function finalRows(db: Db): Promise<Map<string, string>> {
  const rows = await db.execute<{ day: string; xmin: string }>(sql`
    select pension_id || ' ' || date as day, xmin::text || ' ' || xmax::text as xmin
      from portfolio.etf_pension_values where state = 'final'`);
  return new Map(rows.map(({ day, xmin }) => [day, xmin]));
}

/** Inserts pensions in euros with a contribution of a hundred euros each, in two statements. */
export async function manyPensions(db: Db, etf: Etf, { count, date }: { count: number; date: string }): Promise<void> {
  await db.execute(sql`
    with made as (
      insert into portfolio.etf_pensions (id, etf_id, name, currency, created_at)
      select gen_random_uuid(), ${etf.id}, 'Pension ' || n, 'EUR', now() from generate_series(1, ${count}::integer) n
      returning id
    )
    insert into portfolio.etf_pension_contributions (pension_id, reference, date, amount, currency)
    select id, 'first', ${date}::date, 100, 'EUR' from made`);
}
