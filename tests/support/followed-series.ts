import { nextOccurrence } from "#rules/tasks/recurrence.ts";
import { positionAt, wallText } from "#rules/tasks/series-position.ts";
import type { RandomSeries } from "./series-oracle.ts";

/** The due dates of the tasks that follow, each made from the one before as the job makes them; `ended` at its end. */
export function followedSeries({ due, zone, rule, count, until, delays }: RandomSeries): string[] {
  const ending = count === null ? "" : `;COUNT=${count}`;
  const last = until === null ? "" : `;UNTIL=${wallText(until.getTime() / 1_000).replaceAll(/[-:]/g, "")}`;
  let task = {
    due,
    timeZone: zone,
    type: null,
    interval: 1,
    rule: rule + ending + last,
    until: null,
    number: 1,
    ...positionAt(due, zone),
  };
  const dues: string[] = [];
  for (const delay of delays) {
    const next = nextOccurrence(task, new Date(task.due.getTime() + delay));
    if (!next) return [...dues, "ended"];
    task = { ...task, ...next };
    dues.push(task.due.toISOString());
  }
  return dues;
}
