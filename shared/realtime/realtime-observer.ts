import { afterCommit } from "#data/after-commit.ts";
import type { RunObserver } from "#jobs/run-observer.ts";
import type { Clock } from "#schedule/clock.ts";
import { runProgressed, runStateChanged } from "./job-events.ts";
import { channelName, eventType, isChannelName, type LiveEvent, liveEvent } from "./live-event.ts";
import type { Realtime } from "./realtime.ts";

/**
 * Publishes runs and events as live events.
 * @param realtime null without a service: then no event is built, and clients poll
 */
export function realtimeObserver(realtime: Pick<Realtime, "publish"> | null, clock: Clock): RunObserver {
  const send = (make: () => readonly LiveEvent[]) => void realtime?.publish(make());
  return {
    stateChanged(runs) {
      send(() => runs.map((run) => runStateChanged(run, clock.now())));
    },
    progressed(all) {
      send(() => all.map(({ run, progress }) => runProgressed(run, progress, clock.now())));
    },
    publish(tx, events) {
      const channels = new Set(events.map(({ channel }) => channel));
      check(
        "channel",
        channelName,
        [...channels].filter((name) => !isChannelName(name)),
      );
      check("type", eventType, new Set(events.map(({ type }) => type)));
      if (!realtime) return;
      const happened = clock.now();
      afterCommit(tx, () => {
        send(() => events.map((event) => liveEvent(event, happened)));
      });
    },
  };
}

/** Checked without a service as well, so that a wrong name fails in development too. */
function check(field: string, rule: typeof channelName, values: Iterable<string>): void {
  for (const value of values) {
    const [fault] = rule.safeParse(value).error?.issues ?? [];
    if (fault) throw new TypeError(`publish: ${field}: ${fault.message}, got ${JSON.stringify(value)}`);
  }
}
