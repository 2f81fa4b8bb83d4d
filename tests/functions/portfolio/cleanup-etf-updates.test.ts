import { v7 as uuidv7 } from "uuid";
import { afterEach, expect, it } from "vitest";
import { etfUpdates } from "#data/portfolio/etf-schema.ts";
import { listEtfUpdates } from "#data/portfolio/etf-updates.ts";
import { cleanupEtfUpdates } from "#functions/portfolio/cleanup-etf-updates.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { runJob } from "#support/run-job.ts";

const NOW = "2026-04-05T01:20:00Z";

const { db } = await openDatabase();
afterEach(async () => {
  await emptyTables(db, ["portfolio.etf_updates"]);
});

async function anUpdate(kind: "fetch" | "sync" | "refresh", requestedAt: string, symbol: string | null = null) {
  const at = new Date(requestedAt);
  const rest = { state: "failed", error: "a reason", requestedAt: at, finishedAt: at } as const;
  await db.insert(etfUpdates).values({ runId: uuidv7(), kind, symbol, ...rest });
}

const kept = async () =>
  (await listEtfUpdates(db, { limit: 50 })).map(({ kind, symbol, requestedAt }) =>
    [kind, symbol, requestedAt.toISOString().slice(0, 10)].join(" "),
  );

it("keeps the rows of the last 90 days, and the last of each kind at any age", async () => {
  await anUpdate("refresh", "2025-01-01T00:00:00Z", "A.DE");
  await anUpdate("refresh", "2025-01-02T00:00:00Z", "A.DE");
  await anUpdate("sync", "2025-01-02T00:00:00Z");
  await anUpdate("sync", "2025-01-03T00:00:00Z");
  await anUpdate("fetch", "2026-01-04T01:19:00Z", "A.DE");
  await anUpdate("fetch", "2026-01-05T01:21:00Z", "A.DE");
  const { result } = await runJob(cleanupEtfUpdates, { db, asOf: NOW });
  expect(result).toEqual({ deleted: 3 });
  expect(await kept()).toEqual(["fetch A.DE 2026-01-05", "sync  2025-01-03", "refresh A.DE 2025-01-02"]);
});

it("failed rows of single ETFs do not count as the last synchronisation", async () => {
  await anUpdate("sync", "2025-01-02T00:00:00Z");
  await anUpdate("sync", "2025-01-03T00:00:00Z", "A.DE");
  await anUpdate("sync", "2025-01-03T00:00:00Z", "B.DE");
  expect((await runJob(cleanupEtfUpdates, { db, asOf: NOW })).result).toEqual({ deleted: 1 });
  expect(await kept()).toEqual(["sync B.DE 2025-01-03", "sync  2025-01-02"]);
});

it("never deletes active rows, and keepDays sets the age", async () => {
  await db.insert(etfUpdates).values({ runId: uuidv7(), kind: "sync", state: "running", requestedAt: new Date(0) });
  await anUpdate("sync", "2026-04-01T00:00:00Z");
  await anUpdate("sync", "2026-04-02T00:00:00Z");
  await runJob(cleanupEtfUpdates, { db, asOf: NOW, input: { keepDays: 1 } });
  expect(await kept()).toEqual(["sync  2026-04-02", "sync  1970-01-01"]);
});
