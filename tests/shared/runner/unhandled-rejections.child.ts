/** A process with one job that forgets an `await`; it writes its log to stdout, a line an entry. */
import { z } from "zod";
import { defineJob, manual } from "#jobs";
import { surviveUnhandledRejections } from "#runner/unhandled-rejections.ts";
import { startProcess } from "#support/test-process.ts";
import { Log } from "#telemetry/log.ts";

const [url = ""] = process.argv.slice(2);
const write = (entry: object) => {
  console.log(JSON.stringify(entry));
};
surviveUnhandledRejections(new Log(write));
const forgetful = defineJob({
  id: "forgetful",
  family: { id: "samples", title: "Samples" },
  summary: "A sample",
  on: manual,
  input: z.strictObject({}),
  async run() {
    setTimeout(() => void Promise.reject(new Error("too late")), 10);
  },
});
const app = startProcess(url, [forgetful], { sink: write });
const run = await app.enqueuer.enqueue(forgetful, { input: {}, trigger: "manual", requestedBy: "a test" });
write({ ended: await app.runner.execute(run.id) });
void Promise.reject(new Error("nobody's"));
setTimeout(() => {
  write({ alive: true });
}, 100);
setInterval(() => undefined, 1_000);
