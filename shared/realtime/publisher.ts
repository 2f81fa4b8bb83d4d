import type { JobLog } from "#jobs/job-log.ts";
import { Backlog, type Waiting } from "./backlog.ts";
import { fitted } from "./fit.ts";
import type { LiveEvent } from "./live-event.ts";
import { ProgressPace } from "./progress-pace.ts";
import type { ServiceClient } from "./service-client.ts";

/** Times in milliseconds. */
export interface RealtimeLimits {
  /** A run's progress is sent at most once in this time. */
  readonly progressEveryMs: number;
  /** The largest message: Azure takes 1 MB. */
  readonly messageBytes: number;
  /** What waits at most: while the service is down, or behind a burst. */
  readonly backlogEvents: number;
  readonly backlogBytes: number;
  /** Longest wait for one answer of the service. */
  readonly timeoutMs: number;
  /** While the service is down, it is asked again after this, then after twice that, up to the longest. */
  readonly retryFirstMs: number;
  readonly retryLongestMs: number;
}

export const DEFAULT_LIMITS: RealtimeLimits = {
  progressEveryMs: 500,
  messageBytes: 1_000_000,
  backlogEvents: 10_000,
  backlogBytes: 16_000_000,
  timeoutMs: 5_000,
  retryFirstMs: 250,
  retryLongestMs: 30_000,
};

export interface RealtimeCounts {
  readonly sent: number;
  /** Events that were given up: too many while the service was down, refused, or too late at the end. */
  readonly dropped: number;
  readonly waiting: number;
  readonly isDown: boolean;
}

interface Outage {
  readonly since: number;
  readonly droppedBefore: number;
  failures: number;
}

/**
 * Sends events behind the back of those who publish: one message at a time, which takes along everything of its channel
 * that has gathered meanwhile. A service that is down costs memory up to the limits and nothing else.
 */
export class Publisher {
  readonly #send: ServiceClient["send"];
  readonly #limits: RealtimeLimits;
  readonly #log: Pick<JobLog, "info" | "warn">;
  readonly #pace: ProgressPace;
  readonly #backlog: Backlog;
  readonly #stop = new AbortController();
  #paceTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #pumping: Promise<void> | undefined;
  #outage: Outage | undefined;
  /** Whether the last event that went alone was refused: one after the other is told of once. */
  #isRefused = false;
  #sent = 0;
  #dropped = 0;

  constructor(send: ServiceClient["send"], limits: RealtimeLimits, log: Pick<JobLog, "info" | "warn">) {
    this.#send = send;
    this.#limits = limits;
    this.#log = log;
    this.#pace = new ProgressPace(limits.progressEveryMs);
    this.#backlog = new Backlog({ maxEvents: limits.backlogEvents, maxBytes: limits.backlogBytes });
  }

  get counts(): RealtimeCounts {
    return {
      sent: this.#sent,
      dropped: this.#dropped,
      waiting: this.#backlog.size,
      isDown: this.#outage !== undefined,
    };
  }

  accept(events: readonly LiveEvent[]): void {
    if (this.#stop.signal.aborted) this.#dropped += events.length;
    else this.#queue(events.flatMap((event) => this.#pace.offer(event, performance.now())));
  }

  /** Sends what waits, for at most this long, and nothing after that. */
  async close(graceMs: number): Promise<void> {
    clearTimeout(this.#paceTimer);
    this.#paceTimer = undefined;
    const grace = setTimeout(() => {
      this.#stop.abort();
    }, graceMs);
    this.#queue(this.#pace.drain(performance.now()));
    await this.#pump();
    // What came in while that one was ending.
    if (this.#backlog.size > 0) await this.#pump();
    clearTimeout(grace);
    clearTimeout(this.#retryTimer);
    this.#stop.abort();
    if (this.#backlog.size === 0) return;
    this.#dropped += this.#backlog.size;
    this.#log.warn("Live events were not sent before the end; watchers reload over HTTP", {
      events: this.#backlog.size,
    });
    this.#backlog.clear();
  }

  #queue(events: readonly LiveEvent[]): void {
    for (const event of events) this.#dropped += this.#backlog.add(fitted(event, this.#limits.messageBytes - 2));
    this.#wakeForProgress();
    if (!this.#outage) void this.#pump();
  }

  #wakeForProgress(): void {
    const next = this.#pace.nextDue();
    if (next === undefined || this.#paceTimer || this.#stop.signal.aborted) return;
    this.#paceTimer = setTimeout(
      () => {
        this.#paceTimer = undefined;
        this.#queue(this.#pace.due(performance.now()));
      },
      Math.max(1, next - performance.now()),
    );
  }

  #pump(): Promise<void> {
    return (this.#pumping ??= this.#sendAll().finally(() => {
      this.#pumping = undefined;
      // Something may have come between its last look and this moment.
      if (this.#backlog.size > 0 && !this.#outage && !this.#stop.signal.aborted) void this.#pump();
    }));
  }

  async #sendAll(): Promise<void> {
    let messageBytes = this.#limits.messageBytes;
    for (;;) {
      if (this.#stop.signal.aborted) return;
      const batch = this.#backlog.next(messageBytes);
      const [first] = batch;
      if (!first) return;
      try {
        await this.#sendOne(first.event.channel, batch);
        messageBytes = this.#limits.messageBytes;
      } catch (error) {
        if (!isRefusal(error)) {
          this.#comeBackLater(error);
          return;
        }
        // The service is well and does not want this message: one of its events may be the reason, so each goes alone.
        if (batch.length === 1) this.#giveUp(first, error);
        messageBytes = 0;
      }
    }
  }

  async #sendOne(channel: string, batch: readonly Waiting[]): Promise<void> {
    const signal = AbortSignal.any([AbortSignal.timeout(this.#limits.timeoutMs), this.#stop.signal]);
    await this.#send(
      channel,
      batch.map(({ event }) => event),
      signal,
    );
    this.#backlog.remove(batch);
    this.#sent += batch.length;
    this.#isRefused = false;
    if (!this.#outage) return;
    this.#log.info("Live events flow again", {
      downMs: Math.round(performance.now() - this.#outage.since),
      dropped: this.#dropped - this.#outage.droppedBefore,
    });
    this.#outage = undefined;
  }

  #comeBackLater(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    if (!this.#outage) {
      this.#outage = { since: performance.now(), droppedBefore: this.#dropped, failures: 0 };
      this.#log.warn(`Live events do not reach Web PubSub; jobs go on without them. ${adviceOn(error)}`, { error });
    }
    const { retryFirstMs, retryLongestMs } = this.#limits;
    const delay = Math.min(retryLongestMs, retryFirstMs * 2 ** this.#outage.failures++);
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => void this.#pump(), delay * (0.5 + Math.random() / 2));
    // Live events alone are no reason to stay.
    this.#retryTimer.unref();
  }

  #giveUp(entry: Waiting, error: unknown): void {
    this.#backlog.remove([entry]);
    this.#dropped += 1;
    if (this.#isRefused) return;
    this.#isRefused = true;
    this.#log.warn("A live event was refused and is dropped", { type: entry.event.type, event: entry.event.id, error });
  }
}

/** A fault of the message, which no retry makes better. */
function isRefusal(error: unknown): boolean {
  return [400, 413, 415].includes(statusOf(error) ?? 0);
}

function adviceOn(error: unknown): string {
  switch (statusOf(error)) {
    case 401:
      return "The key in WEB_PUBSUB is not this service's, or the clock is wrong.";
    case 403:
      return "The identity needs the role Web PubSub Service Owner.";
    default:
      return "They are kept for a while, and sent when it answers again.";
  }
}

function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number } | null)?.statusCode;
}
