/** A process whose job blocks the event loop until a file is there; it writes its log to stdout, a line an entry. */
import { existsSync } from "node:fs";
import { sql } from "drizzle-orm";
import { z } from "zod";
import { defineJob, manual } from "#jobs";
import { startProcess } from "#support/test-process.ts";

const [url = "", file = ""] = process.argv.slice(2);
const write = (entry: object) => {
  console.log(JSON.stringify(entry));
};
const blocking = defineJob({
  id: "blocking",
  family: { id: "samples", title: "Samples" },
  summary: "A sample",
  on: manual,
  input: z.strictObject({}),
  async run({ transaction }) {
    write({ blocking: true });
    while (!existsSync(file)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    await transaction((tx) => tx.execute(sql`insert into written values ('by the one that blocked')`));
    return { by: "the one that blocked" };
  },
});
const app = startProcess(url, [blocking], { sink: write, leaseMs: 500, heartbeatMs: 100 });
const run = await app.enqueuer.enqueue(blocking, { input: {}, trigger: "manual", requestedBy: "a test" });
write({ run: run.id });
write({ ended: await app.runner.execute(run.id) });
await app.close();
