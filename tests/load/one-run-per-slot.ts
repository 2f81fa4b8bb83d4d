import { parseArgs } from "node:util";
import { WITHOUT_SLOTS } from "./app/index.ts";
import { onStage } from "./stage/claims.ts";

/**
 * The timers of several processes go off again and again for one slot, all in the same instant: one of them runs it.
 *
 *   node tests/load/one-run-per-slot.ts --ticks 1000 --processes 4
 */
const { values } = parseArgs({
  options: { ticks: { type: "string", default: "1000" }, processes: { type: "string", default: "4" } },
});
/** So many ticks at once keep the database busy for longer than a lease of the stage. */
const settings = { ...WITHOUT_SLOTS, JOB_LEASE: "1m" };
const [ticks, processes] = [Number(values.ticks), Number(values.processes)];

await onStage(`${ticks} ticks of one slot over ${processes} processes`, async (stage, claims) => {
  const { sql, count } = stage;
  const apps = await Promise.all(Array.from({ length: processes }, () => stage.startApp({ settings })));
  const times = Math.ceil(ticks / processes);
  const answers = await Promise.all(
    apps.map((app) => app.call<{ ticks: number; ran: number }>("POST", "api/load/every_year/ticks", { times })),
  );
  const sum = (what: "ticks" | "ran") => answers.reduce((all, { body }) => all + body[what], 0);
  claims.claim("ticks", sum("ticks"), times * processes);
  claims.claim("ticks that ran the slot", sum("ran"), 1);
  claims.claim(
    "runs in the ledger",
    await count(sql`select count(*) from platform.job_runs where job_id = 'every_year'`),
    1,
  );
  claims.claim("effects", await count(sql`select count(*) from load.effects`), 1);
});
