import { parseArgs } from "node:util";
import fc from "fast-check";
import { compareSeries } from "#support/compare-series.ts";
import { randomSeries } from "#support/random-series.ts";

/**
 * Random series in zones with odd clock changes, task by task, against the library `rrule` and the clocks of `Intl`.
 *
 *   npx node tests/load/recurrence-chains.ts --series 10000 --seed 1
 */
const { values } = parseArgs({
  options: { series: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } },
});
const [numRuns, seed] = [Number(values.series), Number(values.seed)];

let equal = 0;
let different = 0;
let incomparable = 0;
let tasks = 0;
for (const series of fc.sample(randomSeries, { numRuns, seed })) {
  const compared = compareSeries(series);
  if (compared === null) {
    incomparable++;
    continue;
  }
  const { expected, actual } = compared;
  tasks += expected.length;
  if (JSON.stringify(actual) === JSON.stringify(expected)) equal++;
  else if (++different <= 5) console.log(JSON.stringify({ series, expected, actual }));
}
console.log(JSON.stringify({ series: numRuns, seed, equal, different, incomparable, tasks }));
if (different > 0) process.exitCode = 1;
