import { readRule } from "#rules/tasks/recurrence-rule.ts";
import { occurrencesFrom } from "#rules/tasks/rule-occurrences.ts";
import { followedSeries } from "./followed-series.ts";
import { expectedSeries, type RandomSeries } from "./series-oracle.ts";

export interface Comparison {
  readonly expected: readonly string[];
  readonly actual: readonly string[];
}

/** The due dates of a series by the oracle and by the code. Null for a rule without occurrences: the library hangs. */
export function compareSeries(series: RandomSeries): Comparison | null {
  const { done } = occurrencesFrom(readRule(series.rule), series.due.getTime() / 1_000).next();
  if (done) return null;
  const { dues, then } = expectedSeries(series);
  if (dues.length === 0 && then === "unknown") return null;
  const expected = then === "ended" ? [...dues, "ended"] : dues;
  return { expected, actual: followedSeries(series).slice(0, expected.length) };
}
