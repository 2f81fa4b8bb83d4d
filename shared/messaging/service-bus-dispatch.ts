import type { DispatchedRun } from "#runner/dependencies.ts";
import { ownQueue, SHARED_QUEUE } from "./queue-names.ts";
import type { MessageSender } from "./service-bus-sender.ts";

/** What is carried with the next turn of the event loop, so that runs asked for together travel together. */
interface Waiting {
  readonly runs: DispatchedRun[];
  readonly sent: Promise<void>;
}

/** Carries waiting runs as messages: each to its job's own queue, or to the one that all others share. */
export function dispatchByServiceBus(
  sender: MessageSender,
  hasOwnQueue: (jobId: string) => boolean,
): (runs: readonly DispatchedRun[]) => Promise<void> {
  let waiting: Waiting | undefined;
  const flush = async () => {
    const { runs } = waiting!;
    waiting = undefined;
    const byQueue = Map.groupBy(runs, ({ jobId }) => (hasOwnQueue(jobId) ? ownQueue(jobId) : SHARED_QUEUE));
    await Promise.all(
      [...byQueue].map(([queue, all]) =>
        sender.send(
          queue,
          // The time is part of the id: a retry of the same run is another message, a repeated send of one is not.
          all.map(({ id, at }) => ({ body: { run: id }, messageId: `${id}:${at.getTime()}`, at })),
        ),
      ),
    );
  };
  return (runs) => {
    waiting ??= { runs: [], sent: new Promise((resolve) => setImmediate(resolve)).then(flush) };
    waiting.runs.push(...runs);
    return waiting.sent;
  };
}
