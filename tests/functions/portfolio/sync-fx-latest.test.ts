import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { connect, type Db } from "#data/client.ts";
import { listUpdates } from "#data/portfolio/exchange-rate-updates.ts";
import { ratesInForce } from "#data/portfolio/exchange-rates.ts";
import { syncFxLatest } from "#functions/portfolio/sync-fx-latest.ts";
import { type FakeEcb, startFakeEcb } from "#local/providers/fake-ecb.ts";
import { type FakeFrankfurter, startFakeFrankfurter } from "#local/providers/fake-frankfurter.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { ratesOf } from "#support/factories.ts";
import { runJob } from "#support/run-job.ts";
import { TestClock } from "#support/test-clock.ts";

const FRIDAY = "2026-04-10T14:30:00Z";
const SATURDAY = "2026-04-11T14:30:00Z";

const clock = new TestClock();
let database: TestDatabase;
let db: Db;
let ecb: FakeEcb;
let frankfurter: FakeFrankfurter;
beforeAll(async () => {
  database = await migratedDatabase();
  db = connect({ url: database.url, poolMax: 4, idleMs: 60_000, tls: "disable", prepare: true });
  const asOf = () => clock.now();
  [ecb, frankfurter] = await Promise.all([startFakeEcb({ asOf }), startFakeFrankfurter({ asOf })]);
});
afterAll(async () => {
  await Promise.all([ecb.close(), frankfurter.close(), db.$client.end()]);
  await database.drop();
});
beforeEach(() => {
  ecb.recover();
  frankfurter.recover();
});
afterEach(async () => {
  await db.execute(
    sql`truncate platform.job_runs; truncate portfolio.exchange_rates; truncate portfolio.exchange_rate_updates`,
  );
});

async function syncAt(asOf: string, settings: Record<string, string> = {}) {
  clock.moveTo(asOf);
  const providers = { ECB_BASE_URL: ecb.baseUrl, FRANKFURTER_BASE_URL: frankfurter.baseUrl, OUTBOUND_TIMEOUT: "2s" };
  return runJob(syncFxLatest, { db, asOf, settings: { ...providers, ...settings } });
}

it("stores the rates of a working day", async () => {
  const { run, result } = await syncAt(FRIDAY);
  expect(run.state, JSON.stringify(run.errors)).toBe("succeeded");
  expect(result).toMatchObject({ date: "2026-04-10", source: "ecb", skipped: 0 });
  expect(result?.inserted).toBeGreaterThan(20);
});

it("keeps stored points and adds the others", async () => {
  await ratesOf(db, "2026-04-10", { USD: "9.99" });
  const { result } = await syncAt(FRIDAY);
  expect(result).toMatchObject({ skipped: 1 });
  expect(result?.inserted).toBeGreaterThan(20);
  const [dollar] = await ratesInForce(db, { date: "2026-04-10", quotes: ["USD"], sources: ["ecb"] });
  expect(dollar).toMatchObject({ rate: "9.99" });
});

it("on a weekend the rates of Friday are stored already: it inserts nothing and succeeds", async () => {
  const { result: friday } = await syncAt(FRIDAY);
  const { run, result } = await syncAt(SATURDAY);
  expect(run.state).toBe("succeeded");
  expect(result).toEqual({ date: "2026-04-10", source: "ecb", days: 1, inserted: 0, skipped: friday?.inserted });
  expect(await listUpdates(db, { state: "succeeded", limit: 10 })).toMatchObject([
    { inserted: 0 },
    { inserted: friday?.inserted },
  ]);
});

it("on a weekend after a missed Friday it stores the rates of Friday", async () => {
  const { result } = await syncAt(SATURDAY);
  expect(result).toMatchObject({ date: "2026-04-10", skipped: 0 });
  const [dollar] = await ratesInForce(db, { date: "2026-04-12", quotes: ["USD"], sources: ["ecb"] });
  expect(dollar).toMatchObject({ date: "2026-04-10" });
});

it.each(["503", "html", "cut-short", "unknown-column", "hang"] as const)(
  "when the response of the ECB is %s, it stores that of Frankfurter under its name, and logs the reason",
  async (kind) => {
    ecb.fail({ kind });
    const { run, result, log } = await syncAt(FRIDAY, { OUTBOUND_TIMEOUT: "1s" });
    expect(run.state, JSON.stringify(run.errors)).toBe("succeeded");
    expect(result).toMatchObject({ date: "2026-04-10", source: "frankfurter" });
    expect(await listUpdates(db, { limit: 10 })).toMatchObject([{ state: "succeeded", source: "frankfurter" }]);
    expect(log).toContainEqual(
      expect.objectContaining({
        level: "warn",
        message: "A provider failed; the next one is called",
        fields: expect.objectContaining({ provider: "ecb" }) as unknown,
      }),
    );
  },
);

it("the settings have the order of the providers", async () => {
  const asked = ecb.requests.length;
  const { result } = await syncAt(FRIDAY, { FX_PROVIDERS: "frankfurter,ecb" });
  expect(result).toMatchObject({ source: "frankfurter" });
  expect(ecb.requests.length).toBe(asked);
});

it("when both fail the run is retried, with the error of each", async () => {
  ecb.fail({ kind: "503" });
  frankfurter.fail({ kind: "500" });
  const { run, dispatched } = await syncAt(FRIDAY);
  expect(run.state).toBe("retrying");
  expect(run.errors[0]?.message).toMatch(/503.*500/s);
  expect(dispatched).toMatchObject([{ id: run.id }]);
  expect(await listUpdates(db, { limit: 10 })).toMatchObject([{ state: "pending", inserted: 0 }]);
});
