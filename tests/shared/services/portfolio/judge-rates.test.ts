import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { insertRates } from "#data/portfolio/exchange-rates.ts";
import { listSuspectPoints } from "#data/portfolio/suspect-points.ts";
import { judgeRates } from "#services/portfolio/judge-rates.ts";
import { openDatabase } from "#support/database.ts";

const { db } = await openDatabase();
const day = (date: string, rate: string) => ({ date, source: "ecb", rates: [{ quote: "CHF", rate }] });
const run = { runId: "01a20252-678f-7622-b2d3-e7c19e8d11a9", asOf: new Date("2015-01-15T16:30:00Z") };
const judge = (...days: ReturnType<typeof day>[]) =>
  db.transaction(async (tx) => {
    const judged = await judgeRates(tx, days, run);
    await insertRates(tx, judged.days, "ecb");
    return judged;
  });
const stored = async () =>
  [...(await db.execute<{ d: string }>(sql`select date::text as d from portfolio.exchange_rates order by date`))].map(
    ({ d }) => d.slice(5),
  );

it("a rate that jumps waits, and the next day's rate confirms and stores it", async () => {
  for (const [date, rate] of [
    ["2015-01-12", "1.2010"],
    ["2015-01-13", "1.2010"],
    ["2015-01-14", "1.2010"],
  ] as const)
    await judge(day(date, rate));
  expect(await judge(day("2015-01-15", "1.0280"))).toMatchObject({ suspect: 1, newlyHeld: [{ rule: "jump" }] });
  expect(await stored()).toEqual(["01-12", "01-13", "01-14"]);
  expect(await judge(day("2015-01-16", "1.0128"))).toMatchObject({ suspect: 0 });
  expect(await stored()).toEqual(["01-12", "01-13", "01-14", "01-15", "01-16"]);
  expect(await listSuspectPoints(db, { limit: 5 })).toMatchObject([{ state: "accepted", resolvedBy: "rota" }]);
  expect(await judge(day("2015-01-19", "101.28"))).toMatchObject({
    suspect: 1,
    newlyHeld: [{ rule: "pence-and-pounds" }],
  });
});
