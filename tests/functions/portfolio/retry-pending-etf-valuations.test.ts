import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Run } from "#data/platform/platform-schema.ts";
import { lockPension } from "#data/portfolio/pension-progress.ts";
import { type DayValue, listValues } from "#data/portfolio/pensions.ts";
import { retryPendingEtfValuations } from "#functions/portfolio/retry-pending-etf-valuations.ts";
import { addDays, isWeekend } from "#rules/civil-date.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { ratesOf } from "#support/factories.ts";
import { lockWait } from "#support/lock-wait.ts";
import { addMoney, anEtf, aPension, closesOf, finalRows, manyPensions } from "#support/pensions.ts";
import { startProgram } from "#support/program.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const CHILD = new URL("./retry-pending-etf-valuations.child.ts", import.meta.url);

let database: TestDatabase;
let app: TestProcess;
beforeEach(async () => {
  database = await migratedDatabase();
  app = startProcess(database.url, [retryPendingEtfValuations], { clock: new TestClock("2026-03-06T22:00:00Z") });
});
afterEach(async () => {
  await app.close();
  await database.drop();
});

async function ask(): Promise<string> {
  const asked = { input: {}, trigger: "chain", requestedBy: "a test" } as const;
  return (await app.enqueuer.enqueue(retryPendingEtfValuations, asked)).id;
}

async function retry(): Promise<Record<string, unknown>> {
  const run = (await app.runner.execute(await ask()))!;
  expect(run, JSON.stringify(run.errors)).toMatchObject({ state: "succeeded" });
  return run.result!;
}

const shown = async (id: string) =>
  (await listValues(app.db, id, { limit: 1_000 })).map(
    ({ date, value, reason }) => `${date.slice(5)} ${value ?? reason}`,
  );

it("adds new days, and reads no pension without new days", async () => {
  const etf = await anEtf(app.db);
  await closesOf(app.db, etf, { "2026-03-02": "10", "2026-03-03": "11" });
  const id = await aPension(app.db, etf, { contributions: [{ date: "2026-03-02" }] });
  await closesOf(app.db, etf, { "2026-03-06": "14" });
  expect(await retry()).toMatchObject({ pensions: 1, bought: 1, valued: 3 });
  const before = await finalRows(app.db);
  expect(await retry()).toEqual({ pensions: 0 });

  app.clock.moveTo("2026-03-09T22:00:00Z");
  await closesOf(app.db, etf, { "2026-03-09": "15" });
  expect(await retry()).toMatchObject({ pensions: 1, valued: 1 });
  expect(await shown(id)).toEqual(["03-02 100.00", "03-03 110.00", "03-06 140.00", "03-09 150.00"]);
  const after = await finalRows(app.db);
  for (const [day, written] of before) expect(after.get(day), day).toBe(written);
});

it("a past weekday without a price waits; the next price completes it, or shows that the exchange was closed", async () => {
  const etf = await anEtf(app.db);
  await closesOf(app.db, etf, { "2026-03-02": "10", "2026-03-03": "11" });
  const id = await aPension(app.db, etf, { contributions: [{ date: "2026-03-02" }] });
  await retry();
  expect(await shown(id)).toEqual(["03-02 100.00", "03-03 110.00", "03-04 price", "03-05 price"]);
  expect(await retry(), "they are there").toMatchObject({ waiting: 0, valued: 0 });

  await closesOf(app.db, etf, { "2026-03-05": "13" });
  expect(await retry()).toMatchObject({ completed: 1, closed: 1, valued: 0 });
  expect(await shown(id)).toEqual(["03-02 100.00", "03-03 110.00", "03-05 130.00"]);
});

it("a late price between others adds its day and changes no other", async () => {
  const etf = await anEtf(app.db);
  await closesOf(app.db, etf, { "2026-03-02": "10", "2026-03-04": "12", "2026-03-05": "13" });
  const id = await aPension(app.db, etf, {
    contributions: [{ date: "2026-03-02" }, { date: "2026-03-03", amount: "24.00" }],
  });
  await retry();
  const before = await finalRows(app.db);
  await closesOf(app.db, etf, { "2026-03-03": "11" });
  expect(await retry()).toMatchObject({ pensions: 1, bought: 0, valued: 1, completed: 0 });
  expect(await shown(id), "what bought on the 4th has bought then").toEqual([
    "03-02 100.00",
    "03-03 110.00",
    "03-04 144.00",
    "03-05 156.00",
  ]);
  const after = await finalRows(app.db);
  for (const [day, written] of before) expect(after.get(day), day).toBe(written);
});

it("a late price of the day of the first contribution, which has bought on a later day: no units are held that day", async () => {
  const etf = await anEtf(app.db);
  await closesOf(app.db, etf, { "2026-02-26": "8", "2026-03-02": "10" });
  const [late, other] = await Promise.all([
    aPension(app.db, etf, { contributions: [{ date: "2026-02-27" }] }),
    aPension(app.db, etf, { contributions: [{ date: "2026-02-26" }, { date: "2026-02-27" }] }),
  ]);
  expect(await retry()).toMatchObject({ pensions: 2, bought: 3 });
  await closesOf(app.db, etf, { "2026-02-27": "9" });
  expect(await retry()).toMatchObject({ pensions: 2, valued: 2 });
  expect((await shown(late)).slice(0, 2)).toEqual(["02-27 0.00", "03-02 100.00"]);
  expect((await shown(other)).slice(0, 3)).toEqual(["02-26 100.00", "02-27 112.50", "03-02 225.00"]);
});

it("a pension that a constraint refuses fails alone, each time, and the others of its batch are valued", async () => {
  const etf = await anEtf(app.db);
  await closesOf(app.db, etf, { "2026-03-02": "10", "2026-03-03": "11" });
  const ids = [];
  for (let n = 0; n < 9; n += 1) ids.push(await aPension(app.db, etf, { contributions: [{ date: "2026-03-02" }] }));
  await app.db.execute(sql`
    alter table portfolio.etf_pension_values add constraint sample_refusal check (pension_id <> ${sql.raw(`'${ids[4]!}'`)})`);
  for (let time = 0; time < 2; time += 1) {
    const run = (await app.runner.execute(await ask()))!;
    expect(run).toMatchObject({ state: "succeeded", result: { pensions: 8, valued: time === 0 ? 16 : 0 } });
    expect(run.itemFailureCount).toBe(1);
    expect(run.itemFailures).toMatchObject([
      {
        key: `pension ${ids[4]!}`,
        class: "validation",
        reason: expect.stringContaining("sample_refusal") as string,
      },
    ]);
  }
  for (const [n, id] of ids.entries()) expect((await shown(id))[0]).toBe(n === 4 ? undefined : "03-02 100.00");
});

it("after a split the units follow the new scale of the prices, and no final day changes", async () => {
  const etf = await anEtf(app.db);
  await closesOf(app.db, etf, { "2026-03-02": "100", "2026-03-03": "110" });
  const id = await aPension(app.db, etf, { contributions: [{ date: "2026-03-02" }, { date: "2026-03-03" }] });
  await retry();
  const before = await finalRows(app.db);
  // A split of ten for one on the 4th: the history was fetched again, with the first day after it.
  await app.db.execute(sql`update portfolio.etf_prices set close = close / 10`);
  await closesOf(app.db, etf, { "2026-03-04": "12", "2026-03-05": "13" });
  await addMoney(app.db, id, [{ date: "2026-03-05" }]);
  expect(await retry()).toMatchObject({ bought: 3, completed: 2 });
  expect(await shown(id)).toEqual(["03-02 100.00", "03-03 210.00", "03-04 229.09", "03-05 348.18"]);
  const after = await finalRows(app.db);
  for (const [day, written] of before) expect(after.get(day), day).toBe(written);
});

it("a late, corrected, withdrawn or moved contribution counts from the next day on: no earlier sum is kept", async () => {
  const etf = await anEtf(app.db);
  await closesOf(app.db, etf, { "2026-03-02": "10" });
  const id = await aPension(app.db, etf, { contributions: [{ date: "2026-03-02" }] });
  const other = await aPension(app.db, etf, { contributions: [{ date: "2026-03-02", amount: "50.00" }] });
  await retry();
  const nextDay = async (date: string) => {
    await closesOf(app.db, etf, { [date]: "10" });
    await retry();
    const isThat = (day: string) => day.startsWith(date.slice(5));
    return [(await shown(id)).find(isThat), (await shown(other)).find(isThat)];
  };
  await addMoney(app.db, id, [{ date: "2026-03-03", amount: "30.00" }]);
  expect(await nextDay("2026-03-03")).toEqual(["03-03 130.00", "03-03 50.00"]);
  // Dated before final days, without a new valuation of them: no route allows this.
  await addMoney(app.db, id, [{ date: "2026-03-02", amount: "7.00" }]);
  expect(await nextDay("2026-03-04")).toEqual(["03-04 137.00", "03-04 50.00"]);
  await app.db.execute(sql`update portfolio.etf_pension_contributions set units = units + 1 where amount = 50`);
  await app.db.execute(sql`delete from portfolio.etf_pension_contributions where amount = 7`);
  expect(await nextDay("2026-03-05")).toEqual(["03-05 130.00", "03-05 60.00"]);
  await app.db.execute(sql`update portfolio.etf_pension_contributions set pension_id = ${other} where amount = 30`);
  expect(await nextDay("2026-03-06")).toEqual(["03-06 100.00", "03-06 90.00"]);
});

it("values the other pensions first when one is locked, and then that one", async () => {
  const etf = await anEtf(app.db);
  await closesOf(app.db, etf, { "2026-03-05": "10" });
  const held = await aPension(app.db, etf, { contributions: [{ date: "2026-03-05" }] });
  const free = await aPension(app.db, etf, { contributions: [{ date: "2026-03-05" }] });
  const retrying = await app.db.transaction(async (tx) => {
    await lockPension(tx, held);
    const retrying = retry();
    await until(async () => (await shown(free)).length > 0);
    expect(await shown(held)).toEqual([]);
    return { retrying };
  });
  expect(await retrying.retrying).toMatchObject({ pensions: 1, valued: 2 });
  expect([await shown(held), await shown(free)]).toEqual([["03-05 100.00"], ["03-05 100.00"]]);
});

it("two concurrent runs share the pensions: each day is written once", async () => {
  const etf = await anEtf(app.db);
  await closesOf(app.db, etf, { "2026-03-04": "10", "2026-03-05": "11" });
  await manyPensions(app.db, etf, { count: 5_500, date: "2026-03-04" });
  const other = startProcess(database.url, [retryPendingEtfValuations], { clock: app.clock });
  const ids = [await ask(), await ask()];
  const runs = (await Promise.all([app.runner.execute(ids[0]!), other.runner.execute(ids[1]!)])) as Run[];
  await other.close();
  expect(runs.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
  expect(await retry()).toEqual({ pensions: 0 });
  const [row] = await app.db.execute(sql`
    select count(*)::integer as days, sum(value)::text as sum
      from portfolio.etf_pension_values where state = 'final'`);
  expect(row).toMatchObject({ days: 11_000, sum: "1155000.00" });
});

it("after kill -9 committed days stay, the next attempt adds the rest, and no run is stuck and no day duplicated", async () => {
  const etf = await anEtf(app.db);
  const days = weekdays("2026-01-05", 24);
  app.clock.moveTo(`${days.at(-1)!}T22:00:00Z`);
  await closesOf(app.db, etf, Object.fromEntries(days.map((date, i) => [date, String(10 + i)])));
  await manyPensions(app.db, etf, { count: 1_010, date: days[0]! });
  // The statement for the 20th day waits for the test: the days before it are committed by then.
  const [barrier] = [4711];
  await app.db.execute(
    sql.raw(`
    create function portfolio.wait_here() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock_shared(${barrier}); return new; end $$;
    create trigger wait_here before insert on portfolio.etf_pension_values
      for each row when (new.date = '${days[19]}') execute function portfolio.wait_here()`),
  );
  const runId = await ask();

  const before = await app.db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${barrier})`);
    const child = startProgram(CHILD, [database.url, app.clock.now().toISOString(), runId, "1000"]);
    await lockWait(app.db);
    await child.kill();
    return finalRows(app.db);
  });
  expect(before.size, "some stretches were committed, not all").toBeGreaterThan(0);
  expect(before.size).toBeLessThan(1_010 * 24);

  await until(async () => (await app.runner.rescueExpiredRuns()).retrying === 1);
  app.clock.advance(60_000);
  expect(await app.runner.execute(runId)).toMatchObject({ state: "succeeded", attempt: 2 });
  const [row] = await app.db.execute(sql`
    select count(*)::integer as days, count(*) filter (where state <> 'final')::integer as waiting,
           sum(value)::text as sum from portfolio.etf_pension_values`);
  const eachPension = days.reduce((sum, _day, i) => sum + 10 * (10 + i), 0);
  expect(row).toEqual({ days: 1_010 * 24, waiting: 0, sum: `${1_010 * eachPension}.00` });
  const after = await finalRows(app.db);
  expect([...before].filter(([day, written]) => after.get(day) !== written)).toEqual([]);
});

it("in any order of prices, rates and runs, a final day is correct from the start and never changes", async () => {
  const days = weekdays("2026-02-02", 8);
  const arrivals = fc.shuffledSubarray(
    [...days.map((day) => `rate ${day}`), ...days.map(() => "price"), ...days.map(() => "run")],
    { minLength: days.length * 3 },
  );
  await fc.assert(
    fc.asyncProperty(arrivals, async (order) => {
      await emptyTables(app.db, ["portfolio.exchange_rates", "portfolio.etf_pensions"]);
      const etf = await anEtf(app.db, { currency: "GBP" });
      const id = await aPension(app.db, etf, { contributions: [{ date: days[0]! }] });
      await addMoney(app.db, id, [{ date: days[3]!, amount: "50.00" }]);
      app.clock.moveTo(`${days.at(-1)!}T22:00:00Z`);
      const seen = new Map<string, DayValue>();
      let priced = 0;
      for (const arrival of [...order, "run"]) {
        // Prices arrive in their order, as an exchange makes them; rates arrive in any order.
        if (arrival === "price") await closesOf(app.db, etf, { [days[priced]!]: String(20 + priced++) });
        else if (arrival !== "run") await ratesOf(app.db, arrival.slice(5), { GBP: "0.8" });
        else {
          await retry();
          for (const day of await listValues(app.db, id, { limit: 100 })) {
            if (seen.has(day.date)) expect(day).toEqual(seen.get(day.date));
            else if (day.state === "final") seen.set(day.date, day);
          }
        }
      }
      // 100 € × 0.8 ÷ 20 = 4 units from the first day, 50 € × 0.8 ÷ 23 = 1.739130434783 more from the fourth.
      const units = (i: number) => (i < 3 ? 4 : 5.739130434783);
      const expected = days.map((date, i) => [date, ((units(i) * (20 + i)) / 0.8).toFixed(2)]);
      expect([...seen].map(([date, { value }]) => [date, value]).sort()).toEqual(expected);
    }),
    { numRuns: 12 },
  );
});

function weekdays(from: string, count: number): string[] {
  const days: string[] = [];
  for (let day = from; days.length < count; day = addDays(day, 1)) if (!isWeekend(day)) days.push(day);
  return days;
}

/** Polls until the condition holds, or the test times out. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}
