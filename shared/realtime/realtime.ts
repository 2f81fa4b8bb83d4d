import type { JobLog } from "#jobs/job-log.ts";
import { channelName, type LiveEvent } from "./live-event.ts";
import { DEFAULT_LIMITS, Publisher, type RealtimeCounts, type RealtimeLimits } from "./publisher.ts";
import { type ClientAccess, type RealtimeService, serviceClient } from "./service-client.ts";

export type { ClientAccess, RealtimeCounts, RealtimeLimits, RealtimeService };

/** Sends live events to subscribers. */
export interface Realtime {
  /**
   * Buffers events for sending. Resolves at once and never rejects: a lost event must not fail the work that it
   * reports. Call it after the commit: see `shared/data/after-commit.ts`.
   */
  readonly publish: (events: readonly LiveEvent[]) => Promise<void>;

  /**
   * An address at which a client receives these channels and can do nothing else. The caller decides which channels a
   * user may receive.
   * @param access `minutes`: for how long clients can connect, 1 to 1440; an open connection stays open after that
   * @returns undefined without a service: then clients poll
   * @throws TypeError naming the invalid field; the service's error when it does not answer
   */
  readonly negotiate: (
    access: ClientAccess,
  ) => Promise<{ readonly url: string; readonly channels: readonly string[] } | undefined>;

  readonly counts: () => RealtimeCounts;

  /** Sends what is buffered, for at most `graceMs` milliseconds (default 2,000), then drops the rest. */
  readonly close: (graceMs?: number) => Promise<void>;
}

/** Without a service: events are dropped, and clients poll. */
export const nullRealtime: Realtime = {
  publish: async () => undefined,
  negotiate: async () => undefined,
  counts: () => ({ sent: 0, dropped: 0, waiting: 0, isDown: false }),
  close: async () => undefined,
};

/**
 * Live events through Azure Web PubSub, one group per channel. The first event loads the SDK and connects.
 * @throws TypeError when the address or the hub is invalid
 */
export function openRealtime(
  options: RealtimeService & {
    readonly hub: string;
    readonly log: Pick<JobLog, "info" | "warn">;
    readonly limits?: Partial<RealtimeLimits>;
  },
): Realtime {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const client = serviceClient(options, options.hub);
  const publisher = new Publisher(client.send, limits, options.log);
  return {
    publish: async (events) => {
      publisher.accept(events);
    },
    negotiate: async (access) => {
      check(access);
      const url = await client.clientUrl(access, AbortSignal.timeout(limits.timeoutMs));
      return { url, channels: access.channels };
    },
    counts: () => publisher.counts,
    close: (graceMs = 2_000) => publisher.close(graceMs),
  };
}

function check({ userId, channels, minutes }: ClientAccess): void {
  if (userId.trim() === "") throw new TypeError("userId: expected the id of a subscriber, got an empty text");
  if (channels.length === 0) throw new TypeError("channels: expected at least one, got none");
  for (const channel of channels) {
    if (channelName.safeParse(channel).success) continue;
    throw new TypeError(
      `channels: expected names such as jobs or liens:travis (a-z, 0-9, _ . : -), got ${JSON.stringify(channel)}`,
    );
  }
  if (!(Number.isInteger(minutes) && minutes >= 1 && minutes <= 1_440)) {
    throw new TypeError(`minutes: expected a whole number from 1 to 1440, got ${minutes}`);
  }
}
