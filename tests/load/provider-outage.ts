/**
 * A provider that is down for a simulated hour under waiting runs on two processes: node tests/load/provider-outage.ts
 * [runs] [minutes]. Needs TEST_DATABASE_URL, an empty migrated database.
 */
import { simulateOutage } from "../support/provider-outage.ts";

const [runs = 1_000, minutes = 60] = process.argv.slice(2).map(Number);
const url = process.env.TEST_DATABASE_URL;
if (!url) throw new Error("TEST_DATABASE_URL is missing: expected the address of an empty migrated database");
const startedAt = performance.now();
const report = await simulateOutage(url, { runs, outageMs: minutes * 60_000 });
console.log(JSON.stringify({ ...report, seconds: Math.round((performance.now() - startedAt) / 1_000) }, null, 2));
