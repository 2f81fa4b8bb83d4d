import type { Db } from "../data/client.ts";
import { recordedSlots } from "../data/platform/slots.ts";
import { unaccounted } from "./missed-slots.ts";
import type { Schedule } from "./schedule/index.ts";

/** The slots of a range, `from` included and `to` excluded, that a schedule calls for and the ledger does not know. */
export async function unaccountedSlots(
  db: Db,
  { jobId, schedule }: { jobId: string; schedule: Schedule },
  range: { from: Date; to: Date },
): Promise<Date[]> {
  return unaccounted(schedule, range, await recordedSlots(db, jobId, range));
}
