import { expect, it } from "vitest";
import { exchangeRates } from "#data/portfolio/portfolio-schema.ts";
import { openDatabase } from "#support/database.ts";

const { db } = await openDatabase();

it.each(["NaN", "Infinity", "0", "-1.2"])("the table refuses the rate %s", async (rate) => {
  const row = { quote: "USD", date: "2026-03-10", source: "ecb", rate } as const;
  await expect(db.insert(exchangeRates).values(row)).rejects.toMatchObject({
    cause: { constraint_name: "exchange_rates_positive" },
  });
});
