import { parseArgs } from "node:util";
import { WITHOUT_TIMERS } from "./app/index.ts";
import { runInEnvironment } from "./environment/checks.ts";

/**
 * The timers of several processes fire many times for one slot at the same instant: exactly one tick runs it.
 *
 *   npx node tests/load/one-run-per-slot.ts --ticks 1000 --processes 4
 */
const { values } = parseArgs({
  options: { ticks: { type: "string", default: "1000" }, processes: { type: "string", default: "4" } },
});
/** This many concurrent ticks keep the database busy for longer than the default lease of the environment. */
const settings = { ...WITHOUT_TIMERS, JOB_LEASE: "1m" };
const [ticks, processes] = [Number(values.ticks), Number(values.processes)];

await runInEnvironment(`${ticks} ticks of one slot over ${processes} processes`, async (environment, checks) => {
  const { sql, count } = environment;
  const apps = await Promise.all(Array.from({ length: processes }, () => environment.startApp({ settings })));
  const times = Math.ceil(ticks / processes);
  const answers = await Promise.all(
    apps.map((app) => app.call<{ ticks: number; ran: number }>("POST", "api/load/every_year/ticks", { times })),
  );
  const sum = (what: "ticks" | "ran") => answers.reduce((all, { body }) => all + body[what], 0);
  checks.equal("ticks", sum("ticks"), times * processes);
  checks.equal("ticks that ran the slot", sum("ran"), 1);
  checks.equal(
    "runs in the ledger",
    await count(sql`select count(*) from platform.job_runs where job_id = 'every_year'`),
    1,
  );
  checks.equal("effects", await count(sql`select count(*) from load.effects`), 1);
});
