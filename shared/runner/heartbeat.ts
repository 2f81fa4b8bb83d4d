import type { Db } from "#data/client.ts";
import type { Progress } from "#data/platform/platform-schema.ts";
import { type LeaseToken, renewLeases } from "#data/platform/run-leases.ts";
import { CancelRequested, GateClosed, LeaseLost } from "#jobs/endings.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { RunObserver } from "#jobs/run-observer.ts";
import { redactedProgress } from "#redaction/redacted-text.ts";
import type { HeldRun } from "./held-run.ts";

export interface HeartbeatOptions {
  readonly leaseMs: number;
  readonly everyMs: number;
  readonly log: JobLog;
  /** Called with progress that has been stored. */
  readonly onProgress?: RunObserver["progressed"] | undefined;
  /** Milliseconds of a monotonic clock. */
  readonly elapsed?: () => number;
}

/** What the heartbeat knows about a run that it renews. */
interface Renewal {
  /** The time from which its lease certainly lasts. */
  readonly since: number;
  /** The progress that was stored last. */
  readonly stored: Progress | null;
}

/**
 * Renews the leases of all runs of this process with one statement a beat and stores their progress. A lost lease, a
 * request to cancel or a closed gate aborts the run's signal. So does a lease that could not be renewed for as long as
 * it lasts: another process may hold the run by then.
 */
export class Heartbeat {
  readonly #held = new Map<HeldRun, Renewal>();
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
    this.#held.set(run, { since: this.#elapsed(), stored: null });
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

  /** One beat; while one is under way, that one: a slow database does not get more and more of them. */
  beat(): Promise<void> {
    if (this.#beating) this.#abortExpired();
    return (this.#beating ??= this.#beat().finally(() => {
      this.#beating = undefined;
    }));
  }

  async #beat(): Promise<void> {
    const runs = this.runs();
    if (runs.length === 0) return;
    const asked = this.#elapsed();
    try {
      const reports = new Map(runs.map((run) => [run, run.progress()]));
      const beats = runs.map((run) => ({
        id: run.id,
        attempt: run.attempt,
        holder: run.holder,
        needs: run.needs ?? [],
        // One statement renews all leases: progress that cannot be stored must not fail it.
        progress: redactedProgress(reports.get(run) ?? null),
      }));
      const rows = await renewLeases(this.#db, beats, this.#options.leaseMs);
      // Not by id alone: this process may hold a later attempt of a run whose earlier attempt it has lost.
      const renewed = new Map(rows.map((row) => [keyOf(row), row]));
      // A run that ended while the statement was under way is neither lost nor to be cancelled.
      const held = runs.filter((run) => this.#held.has(run));
      this.#reportProgress(held.flatMap((run) => (renewed.has(keyOf(run)) ? { run, progress: reports.get(run) } : [])));
      for (const run of held) {
        const row = renewed.get(keyOf(run));
        if (row) this.#held.set(run, { since: asked, stored: reports.get(run) ?? null });
        if (!row) run.abort.abort(new LeaseLost(run.id));
        else if (row.cancelRequested) run.abort.abort(new CancelRequested(row.cancelReason ?? "cancelled on request"));
        else if (row.refusal) run.abort.abort(new GateClosed(row.refusal.code, row.refusal.reason));
      }
    } catch (error) {
      // A lease outlasts several beats, so a short outage of the database costs nothing.
      this.#options.log.warn("Heartbeat failed; leases last until they expire", { error, runs: runs.length });
      this.#abortExpired();
    }
  }

  /** Reports what has changed since the last beat. */
  #reportProgress(reports: readonly { readonly run: HeldRun; readonly progress: Progress | null | undefined }[]): void {
    const changed = reports.flatMap(({ run, progress }) =>
      progress && this.#held.get(run)?.stored !== progress ? { run, progress } : [],
    );
    if (changed.length) this.#options.onProgress?.(changed);
  }

  #abortExpired(): void {
    for (const [run, { since }] of this.#held) {
      if (this.#elapsed() - since > this.#options.leaseMs) run.abort.abort(new LeaseLost(run.id));
    }
  }
}

function keyOf({ id, attempt }: Pick<LeaseToken, "id" | "attempt">): string {
  return `${id} ${attempt}`;
}
