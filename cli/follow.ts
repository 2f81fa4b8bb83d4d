import { setTimeout as sleep } from "node:timers/promises";
import { type AdminApi, Unanswered } from "./admin-api.ts";
import type { RunView } from "./admin-views.ts";
import { isOver } from "./outcome.ts";
import { printable } from "./output.ts";
import type { ProgressDisplay } from "./progress.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 500;
/** An app that is started anew is back by then; the run has not noticed. */
const SILENCES = 20;

/**
 * Looks at a run until it has ended or `waitMs` are over.
 * @returns the run as it was last seen
 * @throws Unanswered when the app has been silent for ten seconds
 */
export async function follow(
  api: AdminApi,
  run: RunView,
  { waitMs, display }: { waitMs: number; display: ProgressDisplay },
): Promise<RunView> {
  const began = performance.now();
  const elapsed = () => performance.now() - began;
  let latest = run;
  let silences = 0;
  for (let pause = FIRST_PAUSE_MS; !isOver(latest); pause = Math.min(LONGEST_PAUSE_MS, pause * 1.3)) {
    display.show(latest, elapsed());
    if (elapsed() >= waitMs) break;
    await sleep(Math.min(pause, waitMs - elapsed()));
    try {
      latest = printable(await api.get<RunView>(`api/admin/runs/${run.id}`));
      silences = 0;
    } catch (error) {
      if (!(error instanceof Unanswered) || (silences += 1) > SILENCES) throw error;
    }
  }
  display.end();
  return latest;
}
