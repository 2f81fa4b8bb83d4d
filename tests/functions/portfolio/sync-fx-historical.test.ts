import { readFileSync } from "node:fs";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Run } from "#data/platform/platform-schema.ts";
import { listUpdates } from "#data/portfolio/exchange-rate-updates.ts";
import { syncFxHistorical } from "#functions/portfolio/sync-fx-historical.ts";
import { type FakeEcb, startFakeEcb } from "#local/providers/fake-ecb.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { sample } from "#support/sample-data.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import { unchecked } from "#support/unchecked.ts";

const NOW = "2026-04-13T20:00:00Z";

let database: TestDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());

let app: TestProcess;
const start = (standIn: FakeEcb, env: Record<string, string> = {}) => {
  app = startProcess(database.url, [syncFxHistorical], {
    clock: new TestClock(NOW),
    env: { FX_PROVIDERS: "ecb", ECB_BASE_URL: standIn.baseUrl, ...env },
  });
};
afterEach(async () => {
  await app.db.execute(
    sql`truncate platform.job_runs; truncate portfolio.exchange_rates; truncate portfolio.exchange_rate_updates`,
  );
  await app.close();
});

async function sync(input: { startDate: string; endDate?: string }): Promise<Run> {
  const { id } = await app.enqueuer.enqueue(unchecked(syncFxHistorical), {
    input,
    trigger: "manual",
    requestedBy: "a test",
  });
  return (await app.runner.execute(id))!;
}

async function count(): Promise<number> {
  const [row] = await app.db.execute<{ n: number }>(sql`select count(*)::int as n from portfolio.exchange_rates`);
  return row!.n;
}

async function perDay(): Promise<[date: string, points: number][]> {
  const rows = await app.db.execute<{ date: string; n: number }>(
    sql`select date::text, count(*)::int as n from portfolio.exchange_rates group by date`,
  );
  return rows.map(({ date, n }) => [date, n]);
}

type FaultKind = Parameters<FakeEcb["fail"]>[0]["kind"];

const history = sample("fx/eurofxref-hist-1999-2026-04-13.csv");

describe.skipIf(!history)("the whole history of the ECB", () => {
  let standIn: FakeEcb;
  beforeAll(async () => {
    standIn = await startFakeEcb({ history: history!, asOf: () => new Date(NOW) });
  });
  afterAll(() => standIn.close());
  beforeEach(() => {
    start(standIn);
  });

  const rows = () =>
    readFileSync(history!, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(","));

  it("is stored whole, each cell exactly as published, and a second run changes nothing", async () => {
    const [header, ...days] = rows();
    const cells = days.flatMap(([date, ...rates]) =>
      rates.flatMap((rate, i) => (/^\d/.test(rate) ? [`${date} ${header![i + 1]} ${rate}`] : [])),
    );
    expect(await sync({ startDate: "1999-01-04" })).toMatchObject({
      state: "succeeded",
      result: { days: days.length, inserted: cells.length, skipped: 0 },
    });
    // Comparing texts compares digits: a number in between could round.
    const stored = await app.db.execute<{ point: string; version: string }>(
      sql`select date || ' ' || quote || ' ' || rate as point, xmin::text as version from portfolio.exchange_rates`,
    );
    expect(stored.map(({ point }) => point).sort()).toEqual(cells.sort());

    expect(await sync({ startDate: "1999-01-04" })).toMatchObject({
      state: "succeeded",
      result: { days: days.length, inserted: 0, skipped: cells.length },
    });
    const again = await app.db.execute<{ version: string }>(
      sql`select xmin::text as version from portfolio.exchange_rates`,
    );
    expect(again.map(({ version }) => version).sort(), "no row was touched").toEqual(
      stored.map(({ version }) => version).sort(),
    );
    expect(await listUpdates(app.db, { state: "succeeded", limit: 10 })).toMatchObject([
      { kind: "historical", startDate: "1999-01-04", inserted: 0, skipped: cells.length, source: "ecb", error: null },
      { inserted: cells.length, skipped: 0 },
    ]);
  });

  it("is stored for the requested days only, and later completed", async () => {
    const [header, ...days] = rows();
    const usd = header!.indexOf("USD");
    const wanted = days.filter(([date]) => date! >= "2020-02-28" && date! <= "2020-03-05");
    await sync({ startDate: "2020-02-28", endDate: "2020-03-05" });
    const stored = await app.db.execute<{ date: string; rate: string }>(
      sql`select date::text, rate::text from portfolio.exchange_rates where quote = 'USD' order by date desc`,
    );
    expect([...stored]).toEqual(wanted.map((cells) => ({ date: cells[0], rate: cells[usd] })));
    const before = await count();
    const run = await sync({ startDate: "2020-02-20", endDate: "2020-03-10" });
    expect(run.result).toMatchObject({ skipped: before });
    expect(await count()).toBe(before + (run.result!.inserted as number));
  });
});

describe("an invalid response of the ECB", () => {
  let standIn: FakeEcb;
  beforeEach(async () => {
    standIn = await startFakeEcb({ asOf: () => new Date(NOW) });
    start(standIn);
  });
  afterEach(() => standIn.close());

  it.each<[FaultKind, Run["state"], string, RegExp]>([
    ["500", "retrying", "pending", /500/],
    ["429", "retrying", "pending", /429/],
    ["html", "retrying", "pending", /web page/i],
    ["hang", "retrying", "pending", /2 ?s|2,?000/],
    ["stall", "retrying", "pending", /./],
    ["cut-short", "retrying", "pending", /./],
    ["truncated-zip", "retrying", "pending", /unpack/],
    ["401", "dead", "failed", /401/],
    ["404", "dead", "failed", /404/],
    ["unknown-column", "dead", "failed", /column|currency/i],
    ["missing-date-column", "dead", "failed", /Date/],
    ["bad-date", "dead", "failed", /date/i],
    ["bad-rate", "dead", "failed", /for USD in line 4, expected a positive decimal/],
    ["duplicate-date", "dead", "failed", /is there twice/],
    ["zip-bomb", "dead", "failed", /bytes/],
    ["lying-zip-bomb", "dead", "failed", /unpack/],
    ["wrong-entry", "dead", "failed", /eurofxref-hist\.csv/],
    ["encrypted", "dead", "failed", /encrypt/i],
  ])(
    "%s: the run is %s, its tracking row %s and says why; nothing is half done",
    async (kind, state, tracked, reason) => {
      if (kind === "hang" || kind === "stall") {
        await app.close();
        start(standIn, { OUTBOUND_TIMEOUT: "2s" });
      }
      standIn.fail({ kind });
      const run = await sync({ startDate: "2024-01-04" });
      expect(run.state, JSON.stringify(run.errors)).toBe(state);
      const [update] = await listUpdates(app.db, { limit: 10 });
      expect(update).toMatchObject({ state: tracked, inserted: await count() });
      expect(update!.error).toMatch(reason);
      expect(update!.error).toBe(run.errors.at(-1)!.message);
      const stored = await perDay();

      standIn.recover();
      if (state === "retrying") {
        app.clock.advance(3_600_000);
        expect(await app.runner.execute(run.id)).toMatchObject({ state: "succeeded", attempt: 2 });
        expect(await listUpdates(app.db, { limit: 10 })).toMatchObject([{ state: "succeeded", error: null }]);
      } else {
        expect(await sync({ startDate: "2024-01-04" })).toMatchObject({ state: "succeeded" });
      }
      const complete = new Map(await perDay());
      expect(
        stored.filter(([date, points]) => points !== complete.get(date)),
        "days that were stored in part",
      ).toEqual([]);
      expect(await sync({ startDate: "2024-01-04" })).toMatchObject({ result: { inserted: 0 } });
    },
  );

  it("an interrupted transfer keeps the whole days before it, and the next attempt adds the others", async () => {
    standIn.fail({ kind: "truncated", times: 1 });
    const broken = await sync({ startDate: "2010-01-04" });
    expect(broken.state).toBe("retrying");
    const kept = await count();
    app.clock.advance(3_600_000);
    const whole = (await app.runner.execute(broken.id))!;
    expect(whole).toMatchObject({ state: "succeeded", result: { skipped: kept } });
    expect(await listUpdates(app.db, { limit: 10 })).toMatchObject([{ state: "succeeded", inserted: await count() }]);
  });
});

describe("invalid input", () => {
  let standIn: FakeEcb;
  beforeEach(async () => {
    standIn = await startFakeEcb({ asOf: () => new Date(NOW) });
    start(standIn);
  });
  afterEach(() => standIn.close());

  it.each([
    [{ startDate: "2027-01-01" }, "startDate: 2027-01-01 is in the future"],
    [{ startDate: "2026-02-01", endDate: "2026-01-01" }, "endDate: 2026-01-01 is before the start date 2026-02-01"],
  ])("%j is dead at once with the field and the reason, without a request", async (input, reason) => {
    const run = await sync(input);
    expect(run).toMatchObject({ state: "dead", attempt: 1 });
    expect(run.errors[0]!.message).toContain(reason);
    expect(standIn.requests).toEqual([]);
    expect(await listUpdates(app.db, { state: "failed", limit: 1 })).toMatchObject([{ error: run.errors[0]!.message }]);
  });

  it.each([{ startDate: "2026-02-30" }, { startDate: "yesterday" }, {}, { startDate: "2026-01-01", until: "now" }])(
    "%j does not even become a run",
    async (input) => {
      await expect(sync(input as never)).rejects.toThrow(/startDate|until/);
    },
  );

  it("with the internet gate closed the tracking row has the reason, and no provider gets a request", async () => {
    await app.close();
    start(standIn, { ALLOW_INTERNET_SYNC: "false" });
    const run = await app.enqueuer.enqueue(syncFxHistorical, {
      input: { startDate: "2026-01-01" },
      trigger: "manual",
      requestedBy: "a test",
    });
    expect(run).toMatchObject({ state: "skipped", reasonCode: "internet-sync-disabled" });
    expect(await listUpdates(app.db, { limit: 10 })).toMatchObject([{ state: "refused", error: run.reason }]);
    expect(standIn.requests).toEqual([]);
  });
});
