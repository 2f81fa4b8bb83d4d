import postgres from "postgres";
import { costOf, peakMiB } from "../support/process-cost.ts";
import { CASES } from "./cases.ts";

/** The lower bound: one statement, without work in Node. */
const [url, pid, name] = process.argv.slice(2) as [string, string, string];
const sql = postgres(url, { max: 1, onnotice: () => undefined, connection: { TimeZone: "UTC" } });
await sql`select 1`;
const cost = await costOf({ url, pid: Number(pid) }, () => sql.unsafe(CASES[name]!.bare));
await sql.end();
console.log(JSON.stringify({ ...cost, peakMiB: peakMiB() }));
