import { dueRuns, jobsWithDispatchedRuns, jobsWithDueRuns } from "#data/platform/waiting-runs.ts";
import { inWords } from "#schedule/duration.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { dispatch } from "./dispatch.ts";
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
  readonly jobId: string;
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
 * in that time, and no other process executes one of its runs. It delivers again with the next message that arrives.
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

  /** Judges, and sends a message to each queue that does not deliver: its arrival ends the judgement. */
  async check(): Promise<void> {
    const notBefore = this.#deps.clock.now();
    const probes = (await this.undelivered()).map(({ run: id, jobId }) => ({ id, jobId, notBefore }));
    await dispatch(this.#deps, probes);
  }

  /** Whether the last judgement confirmed that the queue of the job does not deliver. */
  isUndelivered(jobId: string): boolean {
    return this.#suspicions.get(this.#options.queueOf(jobId))?.isConfirmed ?? false;
  }

  async #judge(now: number): Promise<UndeliveredQueue[]> {
    // In the first two minutes nothing can be overdue for this process.
    if (now - this.#startedAt < OVERDUE_MS) return [];
    const { db, clock, holder } = this.#deps;
    const due = await jobsWithDueRuns(db, clock.now(), OVERDUE_MS);
    if (due.length === 0 && this.#suspicions.size === 0) return [];
    const executing = new Set((await jobsWithDispatchedRuns(db, { except: holder })).map(this.#options.queueOf));
    const delivers = (queue: string, since: number) => executing.has(queue) || this.#hasReceived(queue, since);

    const silent = [...Map.groupBy(due, this.#options.queueOf)].filter(([queue]) => !delivers(queue, now - OVERDUE_MS));
    const found = await this.#oldestRuns(new Map(silent), due);
    for (const { queue, since, isConfirmed } of [...this.#suspicions.values()]) {
      // The sweep executes overdue runs of a confirmed one, so their absence proves nothing.
      if (isConfirmed ? !delivers(queue, since) : found.some((one) => one.queue === queue)) continue;
      this.#suspicions.delete(queue);
      if (isConfirmed) this.#deps.log.info(`The queue ${queue} delivers again`, { queue });
    }
    for (const one of found) this.#suspect(one, now);
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

  /** The oldest overdue run of each queue that a worker could have claimed. */
  async #oldestRuns(jobsOf: ReadonlyMap<string, string[]>, due: readonly string[]): Promise<UndeliveredQueue[]> {
    if (jobsOf.size === 0) return [];
    const { db, clock } = this.#deps;
    const now = clock.now();
    const { blocked, blockedRuns } = await refusedWork(this.#deps, OVERDUE_MS);
    const found: UndeliveredQueue[] = [];
    for (const [queue, jobs] of jobsOf) {
      const others = due.filter((id) => !jobs.includes(id)).map((id) => ({ id, maxLatenessMs: null }));
      const query = { now, overdueMs: OVERDUE_MS, blocked: [...blocked, ...others], blockedRuns, limit: 1 };
      const [run] = await dueRuns(db, query);
      if (run) found.push({ queue, run: run.id, jobId: run.jobId, dueAt: run.notBefore! });
    }
    return found;
  }

  #hasReceived(queue: string, since: number): boolean {
    const received = this.#received.get(queue);
    return received !== undefined && (received.open > 0 || received.at > since);
  }
}

/** Names the queue and its oldest due run, as a sentence without a full stop. */
export function undeliveredText({ queue, run, dueAt }: UndeliveredQueue, now: Date): string {
  const ago = inWords(now.getTime() - dueAt.getTime());
  return `The queue ${queue} does not deliver: run ${run} was due ${ago} ago, and no message of the queue has arrived since; dispatch_overdue_runs executes its runs, about a minute late`;
}
