import postgres from "postgres";
import { peakMiB } from "../support/process-cost.ts";
import { CASES } from "./cases.ts";

/** The bare limit: one statement, nothing in Node. */
const [url, name] = process.argv.slice(2) as [string, string];
const sql = postgres(url, { max: 1, onnotice: () => undefined, connection: { TimeZone: "UTC" } });
await sql`select 1`;
const startedAt = performance.now();
await sql.unsafe(CASES[name]!.bare);
const ms = performance.now() - startedAt;
await sql.end();
console.log(JSON.stringify({ ms, statements: 1, peakMiB: peakMiB() }));
