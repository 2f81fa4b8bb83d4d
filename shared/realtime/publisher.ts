import type { JobLog } from "#jobs/job-log.ts";
import { EventBuffer, type PendingEvent } from "./event-buffer.ts";
import type { LiveEvent } from "./live-event.ts";
import { ProgressThrottle } from "./progress-throttle.ts";
import type { ServiceClient } from "./service-client.ts";
import { truncateEvent } from "./truncate-event.ts";

/** Times in milliseconds. */
export interface RealtimeLimits {
  /** A run's progress is sent at most once in this time. */
  readonly progressEveryMs: number;
  /** The largest message: Azure accepts 1 MB. */
  readonly messageBytes: number;
  /** How much may wait: during an outage of the service, or in a burst. */
  readonly bufferedEvents: number;
  readonly bufferedBytes: number;
  /** Timeout of one request to the service. */
  readonly timeoutMs: number;
  /**
   * During an outage the first retry follows after this time, each further one after twice the time, up to the longest.
   */
  readonly retryFirstMs: number;
  readonly retryLongestMs: number;
}

export const DEFAULT_LIMITS: RealtimeLimits = {
  progressEveryMs: 500,
  messageBytes: 1_000_000,
  bufferedEvents: 10_000,
  bufferedBytes: 16_000_000,
  timeoutMs: 5_000,
  retryFirstMs: 250,
  retryLongestMs: 30_000,
};

export interface RealtimeCounts {
  readonly sent: number;
  /** Events that were not sent: the buffer was full, the service refused them, or the process ended. */
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
 * Sends events in the background, one message at a time; each message takes all buffered events of its channel. An
 * outage of the service costs memory up to the limits and nothing else.
 */
export class Publisher {
  readonly #send: ServiceClient["send"];
  readonly #limits: RealtimeLimits;
  readonly #log: Pick<JobLog, "info" | "warn">;
  readonly #throttle: ProgressThrottle;
  readonly #buffer: EventBuffer;
  readonly #stop = new AbortController();
  #throttleTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #pumping: Promise<void> | undefined;
  #outage: Outage | undefined;
  /** Whether the last event that was sent alone was refused: a series of refusals is logged once. */
  #isRefused = false;
  #sent = 0;
  #dropped = 0;

  constructor(send: ServiceClient["send"], limits: RealtimeLimits, log: Pick<JobLog, "info" | "warn">) {
    this.#send = send;
    this.#limits = limits;
    this.#log = log;
    this.#throttle = new ProgressThrottle(limits.progressEveryMs);
    this.#buffer = new EventBuffer({ maxEvents: limits.bufferedEvents, maxBytes: limits.bufferedBytes });
  }

  get counts(): RealtimeCounts {
    return {
      sent: this.#sent,
      dropped: this.#dropped,
      waiting: this.#buffer.size,
      isDown: this.#outage !== undefined,
    };
  }

  accept(events: readonly LiveEvent[]): void {
    if (this.#stop.signal.aborted) this.#dropped += events.length;
    else this.#queue(events.flatMap((event) => this.#throttle.offer(event, performance.now())));
  }

  /** Sends what is buffered, for at most `graceMs` milliseconds, and drops the rest. */
  async close(graceMs: number): Promise<void> {
    clearTimeout(this.#throttleTimer);
    this.#throttleTimer = undefined;
    const grace = setTimeout(() => {
      this.#stop.abort();
    }, graceMs);
    this.#queue(this.#throttle.drain(performance.now()));
    await this.#pump();
    // Events that came in while the last pump was ending.
    if (this.#buffer.size > 0) await this.#pump();
    clearTimeout(grace);
    clearTimeout(this.#retryTimer);
    this.#stop.abort();
    if (this.#buffer.size === 0) return;
    this.#dropped += this.#buffer.size;
    this.#log.warn("Live events were not sent before the process ended; subscribers reload over HTTP", {
      events: this.#buffer.size,
    });
    this.#buffer.clear();
  }

  #queue(events: readonly LiveEvent[]): void {
    for (const event of events) this.#dropped += this.#buffer.add(truncateEvent(event, this.#limits.messageBytes - 2));
    this.#wakeForProgress();
    if (!this.#outage) void this.#pump();
  }

  #wakeForProgress(): void {
    const next = this.#throttle.nextDue();
    if (next === undefined || this.#throttleTimer || this.#stop.signal.aborted) return;
    this.#throttleTimer = setTimeout(
      () => {
        this.#throttleTimer = undefined;
        this.#queue(this.#throttle.due(performance.now()));
      },
      Math.max(1, next - performance.now()),
    );
  }

  #pump(): Promise<void> {
    return (this.#pumping ??= this.#sendAll().finally(() => {
      this.#pumping = undefined;
      // An event may have come after the pump read the buffer for the last time.
      if (this.#buffer.size > 0 && !this.#outage && !this.#stop.signal.aborted) void this.#pump();
    }));
  }

  async #sendAll(): Promise<void> {
    let messageBytes = this.#limits.messageBytes;
    for (;;) {
      if (this.#stop.signal.aborted) return;
      const batch = this.#buffer.nextBatch(messageBytes);
      const [first] = batch;
      if (!first) return;
      try {
        await this.#sendOne(first.event.channel, batch);
        messageBytes = this.#limits.messageBytes;
      } catch (error) {
        if (!isRefusal(error)) {
          this.#scheduleRetry(error);
          return;
        }
        // The service works and refuses this message. One of its events may be the reason, so each is sent alone.
        if (batch.length === 1) this.#drop(first, error);
        messageBytes = 0;
      }
    }
  }

  async #sendOne(channel: string, batch: readonly PendingEvent[]): Promise<void> {
    const signal = AbortSignal.any([AbortSignal.timeout(this.#limits.timeoutMs), this.#stop.signal]);
    await this.#send(
      channel,
      batch.map(({ event }) => event),
      signal,
    );
    this.#buffer.remove(batch);
    this.#sent += batch.length;
    this.#isRefused = false;
    if (!this.#outage) return;
    this.#log.info("Live events reach Web PubSub again", {
      downMs: Math.round(performance.now() - this.#outage.since),
      dropped: this.#dropped - this.#outage.droppedBefore,
    });
    this.#outage = undefined;
  }

  #scheduleRetry(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    if (!this.#outage) {
      this.#outage = { since: performance.now(), droppedBefore: this.#dropped, failures: 0 };
      this.#log.warn(`Live events do not reach Web PubSub; jobs run without them. ${adviceOn(error)}`, { error });
    }
    const { retryFirstMs, retryLongestMs } = this.#limits;
    const delay = Math.min(retryLongestMs, retryFirstMs * 2 ** this.#outage.failures++);
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => void this.#pump(), delay * (0.5 + Math.random() / 2));
    // Waiting live events do not keep the process alive.
    this.#retryTimer.unref();
  }

  #drop(entry: PendingEvent, error: unknown): void {
    this.#buffer.remove([entry]);
    this.#dropped += 1;
    if (this.#isRefused) return;
    this.#isRefused = true;
    this.#log.warn("Web PubSub refused a live event; it is dropped", {
      type: entry.event.type,
      event: entry.event.id,
      error,
    });
  }
}

/** The service refuses the message itself: no retry can help. */
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
      return "They are buffered and sent when it answers again.";
  }
}

function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number } | null)?.statusCode;
}
