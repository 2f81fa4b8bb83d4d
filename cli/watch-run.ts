import { setTimeout as sleep } from "node:timers/promises";
import { type AdminApi, AppUnavailable } from "./admin-api.ts";
import type { RunView } from "./admin-views.ts";
import { printable } from "./output.ts";
import type { ProgressDisplay } from "./progress.ts";
import { isFinished } from "./run-format.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 500;
/** A restarting app answers again within this many requests; the run continues meanwhile. */
const MAX_UNANSWERED = 20;

/**
 * Polls a run until it has finished or `waitMs` have passed.
 * @returns the last known state of the run
 * @throws AppUnavailable when the app has not answered for ten seconds
 */
export async function watchRun(
  api: AdminApi,
  run: RunView,
  { waitMs, display }: { waitMs: number; display: ProgressDisplay },
): Promise<RunView> {
  const began = performance.now();
  const elapsed = () => performance.now() - began;
  let latest = run;
  let unanswered = 0;
  for (let pause = FIRST_PAUSE_MS; !isFinished(latest); pause = Math.min(LONGEST_PAUSE_MS, pause * 1.3)) {
    display.show(latest, elapsed());
    if (elapsed() >= waitMs) break;
    await sleep(Math.min(pause, waitMs - elapsed()));
    try {
      latest = printable(await api.get<RunView>(`api/admin/runs/${run.id}`));
      unanswered = 0;
    } catch (error) {
      if (!(error instanceof AppUnavailable) || (unanswered += 1) > MAX_UNANSWERED) throw error;
    }
  }
  display.end();
  return latest;
}
