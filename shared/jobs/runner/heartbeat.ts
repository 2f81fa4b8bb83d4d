import type { Db } from "../../data/client.ts";
import { renewLeases, type Hold } from "../../data/platform/job-runs.ts";
import type { Progress } from "../../data/platform/schema.ts";
import { CancelRequested, LeaseLost } from "../endings.ts";
import type { JobLog } from "../job-log.ts";

/** A run that this process holds, as the heartbeat sees it. */
export interface HeldRun extends Hold {
  progress: Progress | null;
  readonly abort: AbortController;
}

/**
 * Renews the leases of all runs of this process with one statement a beat, stores their progress, and passes on what
 * comes back: a lost lease or a request to cancel aborts the run's signal.
 */
export class Heartbeat {
  readonly #held = new Map<string, HeldRun>();
  readonly #db: Db;
  readonly #options: { leaseMs: number; everyMs: number; log: JobLog };
  #timer: NodeJS.Timeout | undefined;

  constructor(db: Db, options: { leaseMs: number; everyMs: number; log: JobLog }) {
    this.#db = db;
    this.#options = options;
  }

  watch(run: HeldRun): void {
    this.#held.set(run.id, run);
    this.#timer ??= setInterval(() => void this.beat(), this.#options.everyMs);
  }

  forget(run: HeldRun): void {
    this.#held.delete(run.id);
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  get size(): number {
    return this.#held.size;
  }

  runs(): readonly HeldRun[] {
    return [...this.#held.values()];
  }

  async beat(): Promise<void> {
    const runs = this.runs();
    if (runs.length === 0) return;
    try {
      const beats = runs.map(({ id, attempt, holder, progress }) => ({ id, attempt, holder, progress }));
      const kept = new Map((await renewLeases(this.#db, beats, this.#options.leaseMs)).map((row) => [row.id, row]));
      for (const run of runs) {
        // A run that ended while the statement was under way is neither lost nor to be cancelled.
        if (this.#held.get(run.id) !== run) continue;
        const row = kept.get(run.id);
        if (!row) run.abort.abort(new LeaseLost(run.id));
        else if (row.cancelRequested) run.abort.abort(new CancelRequested("cancelled on request"));
      }
    } catch (error) {
      // The lease outlasts a few beats: a database that is away for a moment costs nothing.
      this.#options.log.warn("Heartbeat failed; the leases run on", { error, runs: runs.length });
    }
  }
}
