import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { findRun } from "#data/platform/job-runs.ts";
import { defineJob, linear, manual } from "#jobs";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { startProgram } from "#support/program.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const blocking = defineJob({
  id: "blocking",
  family: { id: "samples", title: "Samples" },
  summary: "A sample",
  on: manual,
  input: z.strictObject({}),
  retry: linear({ retries: 3, delay: "30s" }),
  async run({ transaction }) {
    await transaction((tx) => tx.execute(sql`insert into written values ('by its successor')`));
    return { by: "its successor" };
  },
});

let database: TestDatabase;
let successor: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
  successor = startProcess(database.url, [blocking]);
  await successor.db.execute(sql`create table written (note text)`);
});
afterAll(async () => {
  await successor.close();
  await database.drop();
});

it("a job that blocks the event loop past its lease can write nothing more, and another process repeats its run", async () => {
  const file = join(await temporaryDirectory(), "go-on");
  const program = startProgram(new URL("blocked-loop.child.ts", import.meta.url), [database.url, file]);
  const said = async (what: string) => {
    for (let count = 1; ; count++) {
      const line = await program.line(count);
      if (line.includes(what)) return JSON.parse(line) as { run: string; ended: object };
    }
  };
  const { run } = await said('{"run"');
  await said('{"blocking"');
  // No heartbeat of a blocked loop renews a lease.
  await expect.poll(() => successor.runner.rescueExpiredRuns()).toEqual({ retrying: 1, dead: 0 });
  successor.clock.advance(30_000);
  expect(await successor.runner.execute(run)).toMatchObject({ state: "succeeded", attempt: 2 });

  await writeFile(file, "");
  expect((await said('{"ended"')).ended, "the late one sees what became of its run").toMatchObject({ attempt: 2 });
  await said("Completion refused: this process no longer holds the run");
  const written = await successor.db.execute<{ note: string }>(sql`select note from written`);
  expect(written.map(({ note }) => note)).toEqual(["by its successor"]);
  expect(await findRun(successor.db, run)).toMatchObject({
    state: "succeeded",
    result: { by: "its successor" },
    errors: [{ name: "LeaseExpired", attempt: 1 }],
  });
});
