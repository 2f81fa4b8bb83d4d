import type { Db } from "#data/client.ts";
import { type Hold, renewLeases } from "#data/platform/holds.ts";
import type { Progress } from "#data/platform/schema.ts";
import { CancelRequested, GateClosed, LeaseLost } from "#jobs/endings.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { Watch, WatchedRun } from "#jobs/run-observer.ts";
import { maskedProgress } from "#redaction/redacted-text.ts";
import type { ItemFailures } from "./item-failures.ts";
import type { Settled } from "./settlement.ts";

/** A run that this process holds, as the heartbeat sees it. */
export interface HeldRun extends Hold, Pick<WatchedRun, "jobId" | "family"> {
  progress: Progress | null;
  /** The progress that was stored last. */
  stored?: Progress;
  /** What the controls have to allow for it to go on: see `needsOf`. Default: nothing but the kill switch stops it. */
  readonly needs?: readonly string[];
  readonly abort: AbortController;
  /** What the work could not do, of what it was to do. */
  failures?: ItemFailures;
  /** Set when the work itself has ended the run, in its last transaction. */
  settled?: Settled;
}

export interface HeartbeatOptions {
  readonly leaseMs: number;
  readonly everyMs: number;
  readonly log: JobLog;
  /** Is told of progress that has been stored. */
  readonly onProgress?: Watch["progressed"] | undefined;
  /** Milliseconds on a clock that nobody sets. */
  readonly elapsed?: () => number;
}

/**
 * Renews the leases of all runs of this process with one statement a beat, stores their progress, and passes on what
 * comes back: a lost lease, a request to cancel or a gate that has closed aborts the run's signal. A run whose lease could not be renewed for as
 * long as it lasts counts as lost: somebody else may have it by now.
 */
export class Heartbeat {
  /** Each held run, with the moment from which its lease surely lasts. */
  readonly #held = new Map<HeldRun, number>();
  readonly #db: Db;
  readonly #options: HeartbeatOptions;
  readonly #elapsed: () => number;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;

  constructor(db: Db, options: HeartbeatOptions) {
    this.#db = db;
    this.#options = options;
    this.#elapsed = options.elapsed ?? (() => performance.now());
  }

  watch(run: HeldRun): void {
    this.#held.set(run, this.#elapsed());
    this.#timer ??= setInterval(() => void this.beat(), this.#options.everyMs);
  }

  forget(run: HeldRun): void {
    this.#held.delete(run);
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  get size(): number {
    return this.#held.size;
  }

  runs(): readonly HeldRun[] {
    return [...this.#held.keys()];
  }

  /** One beat; while one is under way, that one. A database that answers slowly must not be asked ever more often. */
  beat(): Promise<void> {
    if (this.#beating) this.#loseLapsed();
    return (this.#beating ??= this.#beat().finally(() => {
      this.#beating = undefined;
    }));
  }

  async #beat(): Promise<void> {
    const runs = this.runs();
    if (runs.length === 0) return;
    const asked = this.#elapsed();
    try {
      const beats = runs.map(({ id, attempt, holder, progress, needs = [] }) => ({
        id,
        attempt,
        holder,
        needs,
        // One statement for all: what one job says of its progress must not cost the others their leases.
        progress: maskedProgress(progress),
      }));
      const said = runs.map(({ progress }) => progress);
      const rows = await renewLeases(this.#db, beats, this.#options.leaseMs);
      // Not by id alone: this process may hold a later attempt of a run whose earlier one it has lost.
      const kept = new Map(rows.map((row) => [keyOf(row), row]));
      this.#tellProgress(
        runs.flatMap((run, n) =>
          said[n] && kept.has(keyOf(run)) && this.#held.has(run) ? { run, progress: said[n] } : [],
        ),
      );
      for (const run of runs) {
        // A run that ended while the statement was under way is neither lost nor to be cancelled.
        if (!this.#held.has(run)) continue;
        const row = kept.get(keyOf(run));
        if (row) this.#held.set(run, asked);
        if (!row) run.abort.abort(new LeaseLost(run.id));
        else if (row.cancelRequested) run.abort.abort(new CancelRequested(row.cancelReason ?? "cancelled on request"));
        else if (row.refusal) run.abort.abort(new GateClosed(row.refusal.code, row.refusal.reason));
      }
    } catch (error) {
      // The lease outlasts a few beats: a database that is away for a moment costs nothing.
      this.#options.log.warn("Heartbeat failed; the leases run on", { error, runs: runs.length });
      this.#loseLapsed();
    }
  }

  #tellProgress(stored: readonly { readonly run: HeldRun; readonly progress: Progress }[]): void {
    const news = stored.filter(({ run, progress }) => run.stored !== progress);
    for (const { run, progress } of news) run.stored = progress;
    if (news.length) this.#options.onProgress?.(news);
  }

  #loseLapsed(): void {
    for (const [run, since] of this.#held) {
      if (this.#elapsed() - since > this.#options.leaseMs) run.abort.abort(new LeaseLost(run.id));
    }
  }
}

function keyOf({ id, attempt }: Pick<Hold, "id" | "attempt">): string {
  return `${id} ${attempt}`;
}
