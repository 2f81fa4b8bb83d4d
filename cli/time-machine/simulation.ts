import type { Job } from "#jobs/job.ts";
import type { DispatchedRun } from "#runner/dependencies.ts";
import type { Environment } from "#settings/environment.ts";
import { SimulatedClock } from "./simulated-clock.ts";
import { openHost, type SimulatedHost, timerStatuses } from "./simulated-host.ts";
import type { Span } from "./simulation-plan.ts";

export interface SimulationOptions {
  /** A database with all tables and no runs. */
  readonly url: string;
  readonly jobs: readonly Job[];
  /** Settings of the app, besides those of the database. */
  readonly env?: Environment;
  readonly span: Span;
  /** No host runs during an outage. Sorted, within the span. */
  readonly outages?: readonly Span[];
  /** The number of app processes. Default 1. */
  readonly processes?: number;
  /** Receives the simulated time. */
  readonly onProgress?: (now: Date) => void;
  /** Aborts the simulation with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Receives the clock before the start: the fake provider servers use it too. */
  readonly onClock?: (clock: SimulatedClock) => void;
}

/**
 * Runs the app through a span of simulated time. The host's timers, the app's wiring, ticks, runs and the ledger are
 * real; only the clock is simulated. A run takes no simulated time, and a retry starts at its scheduled time.
 * @returns how often timers fired
 * @throws an error of the job layer; errors of jobs are in the ledger
 */
export async function simulate(options: SimulationOptions): Promise<{ firings: number }> {
  const { url, jobs, env = {}, span, outages = [], processes = 1, onProgress, signal, onClock } = options;
  // A millisecond earlier: a timer that starts at an occurrence waits for the next one.
  const clock = new SimulatedClock(new Date(span.from.getTime() - 1));
  onClock?.(clock);
  const queue = new SimulatedQueue();
  const errors: unknown[] = [];
  const statuses = timerStatuses();
  const hosts = Array.from({ length: processes }, (_, index) =>
    openHost({
      name: `time-machine-${index + 1}`,
      url,
      jobs,
      env,
      clock,
      statuses,
      dispatch: async (runs) => {
        queue.add(runs);
      },
      onError: (error) => errors.push(error),
    }),
  );
  try {
    await Promise.all(hosts.map((host) => host.up()));
    let isUp = true;
    const changes = outages.flatMap(({ from, to }) => [
      { at: from, up: false },
      { at: to, up: true },
    ]);
    for (;;) {
      signal?.throwIfAborted();
      // The broker keeps messages during an outage.
      const next = earliest(clock.next, isUp ? queue.next : null, changes[0]?.at ?? null);
      if (!next || next >= span.to) break;
      clock.moveTo(next);
      const change = changes[0];
      if (change && change.at <= next) {
        changes.shift();
        isUp = change.up;
        await Promise.all(hosts.map((host) => (isUp ? host.up() : host.down())));
        continue;
      }
      clock.wakeDue();
      await clock.timersSet(isUp ? hosts.reduce((sum, { timers }) => sum + timers, 0) : 0);
      await deliver(queue.takeDue(clock.now()), hosts);
      if (errors.length) throw errors[0];
      onProgress?.(next);
    }
    await Promise.all(hosts.map((host) => host.down()));
    return { firings: hosts.reduce((sum, { firings }) => sum + firings, 0) };
  } finally {
    await Promise.all(hosts.map((host) => host.app.close(0)));
  }
}

/** Scheduled messages, each delivered at its time. */
class SimulatedQueue {
  #waiting: readonly DispatchedRun[] = [];

  add(runs: readonly DispatchedRun[]): void {
    this.#waiting = [...this.#waiting, ...runs];
  }

  get next(): Date | null {
    return earliest(...this.#waiting.map(({ at }) => at));
  }

  takeDue(now: Date): readonly DispatchedRun[] {
    const due = this.#waiting.filter(({ at }) => at <= now);
    this.#waiting = this.#waiting.filter(({ at }) => at > now);
    return due;
  }
}

async function deliver(due: readonly DispatchedRun[], hosts: readonly SimulatedHost[]): Promise<void> {
  await Promise.all(
    due.map(async ({ id }, index) => {
      await hosts[index % hosts.length]?.app.runner.execute(id);
    }),
  );
}

function earliest(...instants: readonly (Date | null)[]): Date | null {
  const known = instants.filter((instant) => instant !== null);
  return known.length ? new Date(Math.min(...known.map(Number))) : null;
}
