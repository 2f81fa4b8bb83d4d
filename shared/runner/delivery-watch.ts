import { dueRuns, jobsWithDispatchedRuns, jobsWithDueRuns } from "#data/platform/waiting-runs.ts";
import { inWords } from "#schedule/duration.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { refusedWork } from "./refused-work.ts";

/** A run that is due for longer has been dispatched again by the sweep. */
const OVERDUE_MS = 120_000;
/** Time in which the same run stays the oldest: a gate may have opened, or the database may be back, just now. */
const CONFIRMED_AFTER_MS = 90_000;
/** An answer is cached this long: several clients may request the health every second. */
const CACHED_MS = 10_000;

/** A queue whose messages do not arrive. */
export interface UndeliveredQueue {
  readonly queue: string;
  /** Its oldest due run. */
  readonly run: string;
  readonly dueAt: Date;
}

export interface DeliveryWatchOptions {
  /** The queue that carries the runs of a job. */
  readonly queueOf: (jobId: string) => string;
  /** Alerts the operators, at most once an hour for each queue. */
  readonly alert: (undelivered: UndeliveredQueue) => Promise<void>;
  /** Milliseconds of a monotonic clock. Default: `performance.now()`. */
  readonly elapsed?: () => number;
}

interface Suspicion extends UndeliveredQueue {
  readonly since: number;
  isConfirmed: boolean;
}

/**
 * Judges by evidence whether queues deliver: an open connection proves nothing, since a receiver may be deaf. A queue
 * does not deliver when a run of it could have started two minutes ago, this process has received none of its messages
 * in that time, and no process executes one of its runs. The log and an alert say so once, and the log when it is over.
 */
export class DeliveryWatch {
  readonly #deps: RunnerDependencies;
  readonly #options: DeliveryWatchOptions;
  readonly #elapsed: () => number;
  /** Per queue: handlers that work on its messages, and when the last one ended. */
  readonly #received = new Map<string, { open: number; at: number }>();
  readonly #suspicions = new Map<string, Suspicion>();
  readonly #startedAt: number;
  #known: { readonly at: number; readonly undelivered: Promise<UndeliveredQueue[]> } | undefined;

  constructor(deps: RunnerDependencies, options: DeliveryWatchOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#elapsed = options.elapsed ?? (() => performance.now());
    this.#startedAt = this.#elapsed();
  }

  /** Notes messages of a queue while their handler works. */
  async during<T>(queue: string, handler: () => Promise<T>): Promise<T> {
    const received = this.#received.get(queue) ?? { open: 0, at: 0 };
    this.#received.set(queue, received);
    received.open += 1;
    try {
      return await handler();
    } finally {
      received.open -= 1;
      received.at = this.#elapsed();
    }
  }

  /** The queues that do not deliver. Each is confirmed by two calls, at least 90 s apart. */
  undelivered(): Promise<UndeliveredQueue[]> {
    const now = this.#elapsed();
    if (!this.#known || now - this.#known.at > CACHED_MS) this.#known = { at: now, undelivered: this.#judge(now) };
    return this.#known.undelivered;
  }

  async #judge(now: number): Promise<UndeliveredQueue[]> {
    const found = new Map((await this.#withoutDelivery(now)).map((one) => [one.queue, one]));
    for (const { queue, isConfirmed } of [...this.#suspicions.values()]) {
      if (found.has(queue)) continue;
      this.#suspicions.delete(queue);
      if (isConfirmed) this.#deps.log.info(`The queue ${queue} delivers again`, { queue });
    }
    for (const one of found.values()) this.#suspect(one, now);
    return [...this.#suspicions.values()].filter(({ isConfirmed }) => isConfirmed);
  }

  #suspect(found: UndeliveredQueue, now: number): void {
    const before = this.#suspicions.get(found.queue);
    if (before?.isConfirmed) return;
    if (before?.run !== found.run) {
      this.#suspicions.set(found.queue, { ...found, since: now, isConfirmed: false });
      return;
    }
    if (now - before.since < CONFIRMED_AFTER_MS) return;
    before.isConfirmed = true;
    this.#deps.log.error(undeliveredText(found, this.#deps.clock.now()), { queue: found.queue, run: found.run });
    this.#options.alert(found).catch((error: unknown) => {
      this.#deps.log.error("Alerting about a queue that does not deliver failed", { error });
    });
  }

  /** The oldest overdue run of each queue that shows no sign of delivery. */
  async #withoutDelivery(elapsed: number): Promise<UndeliveredQueue[]> {
    if (elapsed - this.#startedAt < OVERDUE_MS) return [];
    const { db, clock } = this.#deps;
    const { queueOf } = this.#options;
    const now = clock.now();
    const due = await jobsWithDueRuns(db, now, OVERDUE_MS);
    if (due.length === 0) return [];
    const { blocked, blockedRuns } = await refusedWork(this.#deps, OVERDUE_MS);
    const executing = new Set((await jobsWithDispatchedRuns(db)).map(queueOf));
    const found: UndeliveredQueue[] = [];
    for (const [queue, jobs] of Map.groupBy(due, queueOf)) {
      if (executing.has(queue) || this.#hasReceived(queue, elapsed)) continue;
      const others = due.filter((id) => !jobs.includes(id)).map((id) => ({ id, maxLatenessMs: null }));
      const query = { now, overdueMs: OVERDUE_MS, blocked: [...blocked, ...others], blockedRuns, limit: 1 };
      const [run] = await dueRuns(db, query);
      if (run) found.push({ queue, run: run.id, dueAt: run.notBefore! });
    }
    return found;
  }

  #hasReceived(queue: string, now: number): boolean {
    const received = this.#received.get(queue);
    return received !== undefined && (received.open > 0 || now - received.at < OVERDUE_MS);
  }
}

/** `The queue job-runs does not deliver: run … has been due for 4 min, and no message has arrived` */
export function undeliveredText({ queue, run, dueAt }: UndeliveredQueue, now: Date): string {
  const due = inWords(now.getTime() - dueAt.getTime());
  return `The queue ${queue} does not deliver: run ${run} has been due for ${due}, and no message of it has arrived`;
}
