import { defineJob, schedule, z } from "#jobs";
import { type NewNotification, OPERATORS } from "#notifications/notification.ts";
import { notify } from "#notifications/notify.ts";
import { judgeDataSets, type JudgedSet, lateElements } from "../data-sets.ts";
import { platform } from "../families.ts";

/** Elements that a notification names. */
const NAMED = 10;

/**
 * Notifies the operators of data that is older than allowed, once for each time at which more elements of a data set
 * become late. Running twice is safe: a notification has a dedupe key.
 */
export const checkDataFreshness = defineJob({
  id: "check_data_freshness",
  family: platform,
  summary: "Notify the operators of data that is older than allowed",
  // Soon after each midnight of each zone, which ends the allowed age.
  on: schedule("0 5 * * * *", "UTC"),
  input: z.strictObject({}),
  timeout: "2m",

  async run(context) {
    const judged = await judgeDataSets(context.db, context.asOf);
    const stale = judged.filter(({ freshness }) => freshness.counts.late > 0);
    return context.finish(async (tx) => {
      const { created } = await notify(context, tx, stale.map(notificationOf));
      const late = stale.reduce((sum, { freshness }) => sum + freshness.counts.late, 0);
      return { dataSets: judged.length, stale: stale.length, late, notified: created };
    });
  },
});

function notificationOf({ set, freshness }: JudgedSet): NewNotification {
  const late = lateElements(freshness);
  const named = late.slice(0, NAMED).map(({ id, newest }) => `${id} (${newest ?? "never"})`);
  const more = late.length > NAMED ? ` and ${late.length - NAMED} more` : "";
  const newestDue = Math.max(...late.map(({ staleSince }) => staleSince!.getTime()));
  return {
    recipient: OPERATORS,
    type: "data.stale",
    severity: "WARN",
    title: `${set.title}: ${late.length} of ${freshness.counts.elements} have no new data`,
    body: `Late, with the day of the newest data: ${named.join(", ")}${more}. ${set.jobs.join(" and ")} load it; GET api/admin/freshness/${set.id} lists all.`,
    data: { dataSet: set.id, late: late.length },
    dedupeKey: `data.stale:${set.id}:${new Date(newestDue).toISOString()}`,
  };
}
