import { sql } from "drizzle-orm";
import { connect, type Db } from "#data/client.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { listPrices, type StoredPrice } from "#data/portfolio/etf-prices.ts";
import type { Etf } from "#data/portfolio/etf-schema.ts";
import { addEtf, findEtf } from "#data/portfolio/etfs.ts";
import { fetchEtf } from "#functions/portfolio/fetch-etf.ts";
import { refreshEtf } from "#functions/portfolio/refresh-etf.ts";
import { retryPendingEtfValuations } from "#functions/portfolio/retry-pending-etf-valuations.ts";
import { syncEtfPrices } from "#functions/portfolio/sync-etf-prices.ts";
import type { Job } from "#jobs/job.ts";
import { type FakeStooq, startFakeStooq } from "#local/providers/fake-stooq.ts";
import { type FakeTwelveData, startFakeTwelveData } from "#local/providers/fake-twelve-data.ts";
import { type FakeYahoo, startFakeYahoo } from "#local/providers/fake-yahoo.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import { unchecked } from "#support/unchecked.ts";

/** A database, three fake servers whose day the test controls, and the jobs that fetch prices from them. */
export interface EtfFixture {
  readonly db: Db;
  readonly yahoo: FakeYahoo;
  readonly twelveData: FakeTwelveData;
  readonly stooq: FakeStooq;
  /** Moves all clocks. */
  setNow(at: string): void;
  /** The providers have the prices of this instant until the next `setNow`. */
  setPublished(at: string): void;
  /** Adds an ETF in use. */
  add(symbol: string, given?: { inUse?: boolean }): Promise<Etf>;
  etf(symbol: string): Promise<Etf>;
  prices(symbol: string): Promise<StoredPrice[]>;
  /** Enqueues a run and executes one attempt. */
  run(job: Job, input?: unknown, settings?: Record<string, string>): Promise<{ run: Run; process: TestProcess }>;
  /** An app process on the same database. */
  process(settings?: Record<string, string>, leaseMs?: number): TestProcess;
  clear(): Promise<void>;
  close(): Promise<void>;
}

const ETF_JOBS = [fetchEtf, syncEtfPrices, refreshEtf, retryPendingEtfValuations];

export async function openEtfFixture(): Promise<EtfFixture> {
  const clock = new TestClock();
  let published: Date | undefined;
  const asOf = () => published ?? clock.now();
  const database: TestDatabase = await migratedDatabase();
  const db = connect({ url: database.url, poolMax: 6, idleMs: 60_000, tls: "disable", prepare: true });
  const [yahoo, twelveData, stooq] = await Promise.all([
    startFakeYahoo({ asOf }),
    startFakeTwelveData({ asOf }),
    startFakeStooq({ asOf }),
  ]);
  const settings = {
    YAHOO_BASE_URL: yahoo.baseUrl,
    TWELVE_DATA_BASE_URL: twelveData.baseUrl,
    STOOQ_BASE_URL: stooq.baseUrl,
    TWELVE_DATA_KEY: "a-key",
    STOOQ_KEY: "another-key",
    ETF_RETRY_DELAY: "1ms",
    // On a busy machine an answer may take seconds.
    OUTBOUND_TIMEOUT: "1m",
  };
  const start = (given: Record<string, string> = {}, leaseMs = 60_000) =>
    startProcess(database.url, ETF_JOBS, { db, clock, leaseMs, env: { ...settings, ...given } });
  return {
    db,
    yahoo,
    twelveData,
    stooq,
    setNow: (at) => {
      clock.moveTo(at);
      published = undefined;
    },
    setPublished: (at) => {
      published = new Date(at);
    },
    add: async (symbol, { inUse = true } = {}) => (await addEtf(db, { symbol, inUse }, clock.now()))!,
    etf: async (symbol) => (await findEtf(db, symbol))!,
    prices: async (symbol) => listPrices(db, (await findEtf(db, symbol))!.id, { limit: 10_000 }),
    process: start,
    async run(job, input = {}, given = {}) {
      const process = start(given);
      const asked = await process.enqueuer.enqueue(unchecked(job), { input, trigger: "manual", requestedBy: "a test" });
      process.dispatched.length = 0;
      return { run: (await process.runner.execute(asked.id)) ?? asked, process };
    },
    async clear() {
      for (const provider of [yahoo, twelveData, stooq]) provider.recover();
      await db.execute(
        sql`truncate platform.job_runs; truncate portfolio.etfs cascade; truncate portfolio.etf_updates`,
      );
    },
    async close() {
      await Promise.all([yahoo.close(), twelveData.close(), stooq.close(), db.$client.end()]);
      await database.drop();
    },
  };
}
