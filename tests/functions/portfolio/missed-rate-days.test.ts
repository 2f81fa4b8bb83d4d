import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Run } from "#data/platform/platform-schema.ts";
import { listUpdates } from "#data/portfolio/exchange-rate-updates.ts";
import { storedRateDays } from "#data/portfolio/exchange-rates.ts";
import { listSuspectPoints, resolvePoints } from "#data/portfolio/suspect-points.ts";
import { judgeDataSets, lateElements } from "#functions/data-sets.ts";
import { syncFxLatest } from "#functions/portfolio/sync-fx-latest.ts";
import { type FakeEcb, startFakeEcb } from "#local/providers/fake-ecb.ts";
import { type FakeFrankfurter, startFakeFrankfurter } from "#local/providers/fake-frankfurter.ts";
import { addDays } from "#rules/civil-date.ts";
import { isTargetDay } from "#rules/portfolio/target-days.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { ratesOf } from "#support/factories.ts";
import { startProgram } from "#support/program.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

/** The slot of a day, at 16:30 in Frankfurt. */
const slotOf = (day: string) => new Date(`${day}T${day < "2026-03-29" ? "15:30" : "14:30"}:00Z`);
/** All days on which the ECB publishes, from the first to the last one. */
const targetDays = (first: string, last: string) => {
  const days = [];
  for (let day = first; day <= last; day = addDays(day, 1)) if (isTargetDay(day)) days.push(day);
  return days;
};

const clock = new TestClock();
/** The newest instant whose rates a provider has. */
const upTo = { ecb: new Date(0), frankfurter: new Date(0) };
let database: TestDatabase;
let app: TestProcess;
let ecb: FakeEcb;
let frankfurter: FakeFrankfurter;
beforeAll(async () => {
  database = await migratedDatabase();
  [ecb, frankfurter] = await Promise.all([
    startFakeEcb({ asOf: () => upTo.ecb }),
    startFakeFrankfurter({ asOf: () => upTo.frankfurter }),
  ]);
  app = processOf("ecb,frankfurter");
});
afterAll(async () => {
  await Promise.all([ecb.close(), frankfurter.close(), app.close()]);
  await database.drop();
});
beforeEach(() => {
  for (const provider of [ecb, frankfurter]) provider.recover();
});
afterEach(async () => {
  await app.db.execute(
    sql`truncate platform.job_runs, portfolio.exchange_rates, portfolio.exchange_rate_updates, portfolio.suspect_points`,
  );
});

function processOf(providers: string, leaseMs = 60_000): TestProcess {
  return startProcess(database.url, [syncFxLatest], {
    clock,
    leaseMs,
    env: {
      FX_PROVIDERS: providers,
      ECB_BASE_URL: ecb.baseUrl,
      FRANKFURTER_BASE_URL: frankfurter.baseUrl,
      OUTBOUND_TIMEOUT: "5s",
    },
  });
}

/** Runs the slot of a day at an instant; both providers have what is published by then. */
async function runSlot(
  day: string,
  { at = slotOf(day), published = at }: { at?: Date; published?: Date } = {},
  by = app,
): Promise<Run> {
  moveTo(at, published);
  return (await by.runner.runSlot(syncFxLatest, slotOf(day)))!;
}

function moveTo(at: Date, published = at): void {
  clock.moveTo(at);
  upTo.ecb = published;
  upTo.frankfurter = published;
}

/** The next attempt of a waiting run, when it is due. */
async function nextAttempt(run: Run, published?: Date): Promise<Run> {
  moveTo(run.notBefore!, published);
  return (await app.runner.execute(run.id))!;
}

/** The requests that work sends to a provider. */
async function requestsOf({ requests }: FakeEcb | FakeFrankfurter, work: () => Promise<unknown>): Promise<string[]> {
  const before = requests.length;
  await work();
  return requests.slice(before);
}

const storedDays = () => storedRateDays(app.db);
const lateCurrencies = async () => {
  const [rates] = (await judgeDataSets(app.db, clock.now())).filter(({ set }) => set.id === "exchange_rates");
  return lateElements(rates!.freshness).length;
};

describe("a provider that is late", () => {
  it("lets the run wait with growing pauses, and the tracking row says why, until the rates are there", async () => {
    await runSlot("2026-04-09");
    const yesterday = slotOf("2026-04-09");
    let run = await runSlot("2026-04-10", { published: yesterday });
    const minutes = [];
    for (let looks = 0; looks < 5; looks++) {
      expect(run).toMatchObject({ state: "retrying", reasonCode: "snoozed", errors: [] });
      expect(await listUpdates(app.db, { limit: 1 })).toMatchObject([
        { state: "pending", error: "the rates of 2026-04-10 are not published yet", inserted: 0 },
      ]);
      minutes.push((run.notBefore!.getTime() - clock.now().getTime()) / 60_000);
      if (looks < 4) run = await nextAttempt(run, yesterday);
    }
    expect(minutes).toEqual([5, 10, 20, 40, 60]);
    run = await nextAttempt(run);
    expect(run).toMatchObject({ state: "succeeded", result: { date: "2026-04-10", days: 1, source: "ecb" } });
    expect(await listUpdates(app.db, { limit: 1 })).toMatchObject([
      { state: "succeeded", error: null, startDate: "2026-04-10", endDate: "2026-04-10" },
    ]);
  });

  it("ends the wait after the day of the run: the update has failed, and the currencies are stale", async () => {
    await runSlot("2026-04-09");
    const yesterday = slotOf("2026-04-09");
    let run = await runSlot("2026-04-10", { published: yesterday });
    while (run.state === "retrying") {
      expect(await lateCurrencies()).toBe(0);
      run = await nextAttempt(run, yesterday);
    }
    expect(run).toMatchObject({ state: "cancelled" });
    expect(run.startedAt! < new Date("2026-04-10T23:30:00Z")).toBe(true);
    expect(await listUpdates(app.db, { limit: 1 })).toMatchObject([
      {
        state: "failed",
        error:
          "the rates of 2026-04-10 are not published yet, and the day of this run is over: the next run fetches them",
        inserted: 0,
      },
    ]);
    expect(await lateCurrencies()).toBeGreaterThan(20);

    expect(await runSlot("2026-04-13")).toMatchObject({ state: "succeeded", result: { days: 2 } });
    expect(await storedDays()).toEqual(["2026-04-09", "2026-04-10", "2026-04-13"]);
    expect(await lateCurrencies()).toBe(0);
  });

  it("is not waited for when the next provider has the day", async () => {
    await runSlot("2026-04-09");
    moveTo(slotOf("2026-04-10"));
    upTo.ecb = slotOf("2026-04-09");
    expect(await app.runner.runSlot(syncFxLatest, slotOf("2026-04-10"))).toMatchObject({
      state: "succeeded",
      result: { date: "2026-04-10", source: "frankfurter" },
    });
  });
});

describe.each(["ecb", "frankfurter"] as const)("%s closes", (provider) => {
  let alone: TestProcess;
  beforeAll(() => {
    alone = processOf(provider);
  });
  afterAll(() => alone.close());

  it.each([
    ["a day", "2026-04-08", "eurofxref-hist-90d.xml"],
    ["a week", "2026-04-01", "eurofxref-hist-90d.xml"],
    ["a hundred days", "2025-12-30", "eurofxref-hist.zip"],
  ])("a gap of %s after the process was down, with the smallest file that has it", async (_, last, file) => {
    await runSlot(last, {}, alone);
    const requests = await requestsOf(ecb, async () => {
      const run = await runSlot("2026-04-10", {}, alone);
      expect(run, JSON.stringify(run.errors)).toMatchObject({ state: "succeeded", result: { source: provider } });
    });
    expect(await storedDays()).toEqual(targetDays(last, "2026-04-10"));
    if (provider === "ecb") expect(requests).toEqual([expect.stringContaining(file)]);
  });

  it("a day in the middle, and asks no more than once", async () => {
    await runSlot("2026-03-02", {}, alone);
    await runSlot("2026-04-09", {}, alone);
    await app.db.execute(sql`delete from portfolio.exchange_rates where date in ('2026-03-11', '2026-03-12')`);
    expect(await runSlot("2026-04-10", {}, alone)).toMatchObject({ state: "succeeded", result: { days: 3 } });
    expect(await storedDays()).toEqual(targetDays("2026-03-02", "2026-04-10"));
    expect(await runSlot("2026-04-13", {}, alone)).toMatchObject({ result: { days: 1 } });
  });
});

it("a holiday and a weekend are no gap: the run does not wait, and asks one provider", async () => {
  const published = slotOf("2026-04-02");
  await runSlot("2026-04-02");
  const requests = await requestsOf(frankfurter, async () => {
    // From Good Friday to Easter Monday the ECB has the file of Maundy Thursday.
    for (const day of ["2026-04-03", "2026-04-04", "2026-04-05", "2026-04-06"]) {
      const run = await runSlot(day, { published });
      expect(run).toMatchObject({ state: "succeeded", result: { date: "2026-04-02", inserted: 0 } });
    }
  });
  expect(requests).toEqual([]);
});

it("a currency that has ended is no gap, and is not late", async () => {
  await runSlot("2025-12-30");
  await runSlot("2026-04-09");
  const requests = await requestsOf(ecb, async () => {
    expect(await runSlot("2026-04-10")).toMatchObject({ state: "succeeded", result: { days: 1 } });
  });
  expect(requests).toEqual([expect.stringContaining("eurofxref-daily.xml")]);
  expect(await lateCurrencies()).toBe(0);
});

it("a day in the middle that no provider has keeps no run waiting, and the result names it", async () => {
  await runSlot("1999-01-07");
  // Stored from elsewhere, before the first day of the euro's rates.
  await ratesOf(app.db, "1998-12-30", { USD: "1.17" });
  const run = await runSlot("1999-01-08");
  expect(run).toMatchObject({ state: "succeeded", result: { unpublished: ["1998-12-31"] } });
  expect(await storedDays()).toEqual(["1998-12-30", ...targetDays("1999-01-04", "1999-01-08")]);
});

describe("a day with an implausible rate", () => {
  const [WEDNESDAY, THURSDAY, FRIDAY, MONDAY] = ["2026-04-08", "2026-04-09", "2026-04-10", "2026-04-13"] as const;
  const dollars = async () =>
    [
      ...(await app.db.execute<{ date: string }>(
        sql`select date::text as date from portfolio.exchange_rates where quote = 'USD' order by 1`,
      )),
    ].map(({ date }) => date);

  beforeEach(async () => {
    await runSlot(WEDNESDAY);
    ecb.fail({ kind: "shifted-rate" });
    expect(await runSlot(THURSDAY)).toMatchObject({ state: "succeeded", result: { suspect: 1 } });
    expect(await dollars()).toEqual([WEDNESDAY]);
    ecb.recover();
  });

  it("that is held back is fetched again, and the corrected file settles it", async () => {
    expect(await runSlot(FRIDAY)).toMatchObject({ state: "succeeded", result: { days: 2 } });
    expect(await dollars()).toEqual([WEDNESDAY, THURSDAY, FRIDAY]);
    expect(await listSuspectPoints(app.db, { limit: 5 })).toMatchObject([
      { state: "rejected", resolution: expect.stringMatching(/^ecb corrected it to /) as string },
    ]);
    expect(await runSlot(MONDAY)).toMatchObject({ state: "succeeded", result: { days: 1 } });
  });

  it("that a person rejected is fetched again, until the source sends another value", async () => {
    const [held] = await listSuspectPoints(app.db, { limit: 1 });
    const decision = { state: "rejected", resolution: "the bank's page has another rate", by: "ann" } as const;
    await app.db.transaction((tx) => resolvePoints(tx, [{ id: held!.id, ...decision, at: clock.now() }]));
    ecb.fail({ kind: "shifted-rate" });
    const { id } = await app.enqueuer.enqueue(syncFxLatest, { input: {}, trigger: "manual", requestedBy: "a test" });
    expect(await app.runner.execute(id)).toMatchObject({ state: "succeeded" });
    expect(await dollars()).toEqual([WEDNESDAY]);
    ecb.recover();
    expect(await runSlot(FRIDAY)).toMatchObject({ state: "succeeded", result: { days: 2 } });
    expect(await dollars()).toEqual([WEDNESDAY, THURSDAY, FRIDAY]);
    expect(await runSlot(MONDAY)).toMatchObject({ state: "succeeded", result: { days: 1 } });
  });

  it("is not fetched again when it is older than the file of the last 90 days", async () => {
    await app.db.execute(sql`update portfolio.suspect_points set date = '2026-01-02'`);
    await ratesOf(app.db, "2026-01-02", { GBP: "0.86" });
    const requests = await requestsOf(ecb, () => runSlot(FRIDAY));
    expect(requests).toEqual([expect.stringContaining("eurofxref-hist")]);
    const later = await requestsOf(ecb, () => runSlot(MONDAY));
    expect(later).toEqual([expect.stringContaining("eurofxref-daily.xml")]);
  });
});

describe("a backfill", () => {
  it("stores the days up to the instant that it stands for, and no later ones", async () => {
    await runSlot("2026-03-10", { at: slotOf("2026-04-10") });
    expect(await storedDays()).toEqual(["2026-03-10"]);
    await runSlot("2026-03-12", { at: slotOf("2026-04-10") });
    expect(await storedDays()).toEqual(["2026-03-10", "2026-03-11", "2026-03-12"]);
  });

  it("asks no provider for a day that is stored among others", async () => {
    await runSlot("2026-03-10");
    await runSlot("2026-03-12");
    const requests = await requestsOf(ecb, async () => {
      expect(await runSlot("2026-03-11", { at: slotOf("2026-03-13") })).toMatchObject({ state: "succeeded" });
    });
    expect(requests).toEqual([]);
  });

  it("of a day that no provider has fails at once", async () => {
    const run = await runSlot("2026-04-10", { at: slotOf("2026-04-12"), published: slotOf("2026-04-09") });
    expect(run).toMatchObject({ state: "cancelled" });
    expect(await listUpdates(app.db, { limit: 1 })).toMatchObject([{ state: "failed" }]);
  });
});

it("on the days around a clock change it expects the rates at 16:00 of Frankfurt", async () => {
  const at = async (instant: string, published: string) => {
    moveTo(new Date(instant), new Date(published));
    // A waiting run would be first in line.
    await app.db.execute(sql`truncate platform.job_runs`);
    const { id } = await app.enqueuer.enqueue(syncFxLatest, { input: {}, trigger: "manual", requestedBy: "a test" });
    return (await app.runner.execute(id))!;
  };
  // Summer time begins on Sunday 29 March.
  expect(await at("2026-03-27T14:59:00Z", "2026-03-26T16:00:00Z")).toMatchObject({ state: "succeeded" });
  expect(await at("2026-03-27T15:00:00Z", "2026-03-26T16:00:00Z")).toMatchObject({ state: "retrying" });
  expect(await at("2026-03-27T15:04:00Z", "2026-03-27T15:04:00Z")).toMatchObject({ result: { date: "2026-03-27" } });
  expect(await at("2026-03-30T13:59:00Z", "2026-03-27T16:00:00Z")).toMatchObject({ state: "succeeded" });
  expect(await at("2026-03-30T14:00:00Z", "2026-03-27T16:00:00Z")).toMatchObject({ state: "retrying" });
});

it("after kill -9 among many missing days the next attempt fetches only those that are still missing", async () => {
  await ratesOf(app.db, "2020-01-02");
  frankfurter.fail({ kind: "hang", only: "2022-" });
  moveTo(slotOf("2026-04-10"));
  const { id } = await app.enqueuer.enqueue(syncFxLatest, { input: {}, trigger: "manual", requestedBy: "a test" });
  const child = startProgram(new URL("./sync-fx-latest.child.ts", import.meta.url), [
    ...[database.url, clock.now().toISOString(), id, "1000", frankfurter.baseUrl],
  ]);
  await expect.poll(async () => (await storedDays()).length).toBeGreaterThan(400);
  await child.kill();
  const before = await storedDays();
  expect(before[1]! > "2022").toBe(true);

  frankfurter.recover();
  const alone = processOf("frankfurter");
  await expect.poll(() => alone.runner.rescueExpiredRuns()).toEqual({ retrying: 1, dead: 0 });
  clock.advance(60_000);
  const run = await alone.runner.execute(id);
  await alone.close();
  const all = targetDays("2020-01-02", "2026-04-10");
  expect(run).toMatchObject({ state: "succeeded", attempt: 2, result: { days: all.length - before.length + 1 } });
  expect(await storedDays()).toEqual(all);
});
