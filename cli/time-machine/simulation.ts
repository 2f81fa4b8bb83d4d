import type { Job } from "#jobs/define-job.ts";
import type { DispatchedRun } from "#runner/dependencies.ts";
import type { Environment } from "#settings/environment.ts";
import type { Span } from "./simulation-plan.ts";
import { SimulatedClock } from "./simulated-clock.ts";
import { openHost, type SimulatedHost, timerStatuses } from "./simulated-host.ts";

export interface SimulationOptions {
  /** A database with all tables and no runs. */
  readonly url: string;
  readonly jobs: readonly Job[];
  /** Settings of the app besides the database's. */
  readonly env?: Environment;
  readonly span: Span;
  /** While one lasts no host runs. In order, within the span. */
  readonly outages?: readonly Span[];
  /** App processes that tick side by side. Default 1. */
  readonly processes?: number;
  /** Told of the time that it has become. */
  readonly onProgress?: (now: Date) => void;
  /** Ends it early, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told of the clock before time begins: stand-ins of providers live by it as well. */
  readonly onClock?: (clock: SimulatedClock) => void;
}

/**
 * Lets the app run through a span of time: the host's timers on the schedules' UTC supersets, the app's own wiring, ticks, runs and
 * ledger; only the clock is not the world's. A run takes no time, and a retry comes at its time.
 * @returns how often timers went off
 * @throws what the layer itself threw; what jobs throw is in the ledger
 */
export async function simulate(options: SimulationOptions): Promise<{ firings: number }> {
  const { url, jobs, env = {}, span, outages = [], processes = 1, onProgress, signal, onClock } = options;
  // A moment before: a timer that starts at an occurrence waits for the one after it.
  const clock = new SimulatedClock(new Date(span.from.getTime() - 1));
  onClock?.(clock);
  const mail = new Mail();
  const faults: unknown[] = [];
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
        mail.take(runs);
      },
      onFault: (error) => faults.push(error),
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
      // What waits for a worker waits out an outage; the broker keeps it.
      const next = earliest(clock.next, isUp ? mail.next : null, changes[0]?.at ?? null);
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
      await clock.set(isUp ? hosts.reduce((sum, { timers }) => sum + timers, 0) : 0);
      await deliver(mail.dueAt(clock.now()), hosts);
      if (faults.length) throw faults[0];
      onProgress?.(next);
    }
    await Promise.all(hosts.map((host) => host.down()));
    return { firings: hosts.reduce((sum, { firings }) => sum + firings, 0) };
  } finally {
    await Promise.all(hosts.map((host) => host.app.close(0)));
  }
}

/** Messages on their way: each comes to a worker at its time. */
class Mail {
  #waiting: readonly DispatchedRun[] = [];

  take(runs: readonly DispatchedRun[]): void {
    this.#waiting = [...this.#waiting, ...runs];
  }

  get next(): Date | null {
    return earliest(...this.#waiting.map(({ at }) => at));
  }

  dueAt(now: Date): readonly DispatchedRun[] {
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
