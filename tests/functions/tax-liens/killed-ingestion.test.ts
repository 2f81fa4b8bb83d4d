import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { ingestCountyLiens } from "#functions/tax-liens/ingest-county-liens/index.ts";
import { migratedDatabase } from "#support/database.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";
import { aCounty, startListServer } from "./fake-county-lists.ts";

const NOW = "2026-03-10T09:00:00Z";
const ROWS = 150_000;

it("killed during a list, the run is rescued, completes, and leaves no staging table", async () => {
  const [database, server] = await Promise.all([migratedDatabase(), startListServer()]);
  const clock = new TestClock(NOW);
  const env = { COUNTY_LISTS_LOOPBACK: "true" };
  const app = startProcess(database.url, [ingestCountyLiens], { clock, env });
  const staging = async () =>
    (
      await app.db.execute<{ name: string }>(
        sql`select tablename as name from pg_tables where schemaname = 'tax_liens_staging' order by tablename`,
      )
    ).map(({ name }) => name);
  const rowsIn = async (table: string) =>
    (await app.db.execute<{ n: number }>(sql`select count(*)::integer as n from ${sql.raw(table)}`))[0]!.n;
  try {
    const rows = Array.from({ length: ROWS }, (_, i) => `P-${i},C-${i},100.${10 + (i % 90)}\n`);
    server.files.set("/liens", { type: "text/csv", body: `Parcel,Certificate,Amount\n${rows.join("")}` });
    await aCounty(app.db, "sample-az", { url: `${server.origin}/liens` });
    // Half of the list, then nothing: the process has staged what it got, and waits.
    server.fail({ kind: "stall", times: 1 });
    const script = join(import.meta.dirname, "ingest-process.ts");
    const child = spawn(process.execPath, [script, database.url, "sample-az", NOW], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const run = String(line).trim();
    for (;;) {
      const table = (await staging()).find((name) => name.startsWith("list_"));
      if (table && (await rowsIn(`tax_liens_staging."${table}"`)) > 0) break;
      await setTimeout(20);
    }
    child.kill("SIGKILL");
    await once(child, "exit");
    expect([await rowsIn("tax_liens.liens"), (await staging()).length]).toEqual([0, 3]);

    // The lease uses the clock of the database.
    await app.db.execute(sql`update platform.job_runs set lease_expires_at = now() - interval '1 second'`);
    expect(await app.runner.rescueExpiredRuns()).toMatchObject({ retrying: 1 });
    clock.advance(3_600_000);
    const ended = await app.runner.execute(run);
    expect(ended).toMatchObject({ state: "succeeded", attempt: 2, result: { created: ROWS, failed: 0 } });
    expect([await rowsIn("tax_liens.liens"), await staging()]).toEqual([ROWS, []]);
  } finally {
    await app.close();
    await Promise.all([database.drop(), server.close()]);
  }
});
