import type { AppProcess } from "../environment/app-process.ts";
import { Monitor } from "./monitor.ts";

/** The clients of the campaign: the monitors of health, readers of lists, and two that start small runs. */
export class Clients {
  readonly live: Monitor;
  readonly ready: Monitor;
  readonly health: Monitor;
  readonly #writers: readonly Monitor[];
  readonly #readers: readonly Monitor[];

  constructor(app: AppProcess) {
    this.live = new Monitor(app, "api/health/live");
    this.ready = new Monitor(app, "api/health/ready");
    this.health = new Monitor(app, "api/jobs/health");
    this.#writers = [0, 1].map(() => new Monitor(app, "api/admin/jobs/copies_rows/run", { lines: 1 }));
    this.#readers = ["api/admin/jobs", "api/admin/runs"].map((path) => new Monitor(app, path));
  }

  /** Whether monitors have asked both health routes since then, and have their answers. */
  areAnsweredSince(from: number): boolean {
    return [this.ready, this.health].every((monitor) => monitor.during({ from, to: Infinity }).length > 0);
  }

  /** When both health routes had answered 200 to a request after `from`; Infinity before that. */
  healthyAt(from: number): number {
    return Math.max(this.ready.firstWith(200, from), this.health.firstWith(200, from));
  }

  /** When a run that was asked for after `from` had been accepted; Infinity before that. */
  servedAt(from: number): number {
    return Math.min(...this.#writers.map((writer) => writer.firstWith(202, from)));
  }

  /** The ids of the runs that the app has accepted from the writers. */
  get acceptedRuns(): readonly string[] {
    return this.#writers.flatMap((writer) => writer.runs);
  }

  async stop(): Promise<void> {
    await Promise.all(
      [this.live, this.ready, this.health, ...this.#writers, ...this.#readers].map((one) => one.stop()),
    );
  }
}
