import type { DispatchedRun } from "#runner/dependencies.ts";
import { ownQueue, SHARED_QUEUE } from "./queue-names.ts";
import type { MessageSender } from "./service-bus-sender.ts";

/** Runs that are sent in the next turn of the event loop, so that runs enqueued together share a message batch. */
interface PendingBatch {
  readonly runs: DispatchedRun[];
  readonly sent: Promise<void>;
}

/** Dispatches runs as Service Bus messages: each to its job's own queue, or to the shared queue. */
export function dispatchByServiceBus(
  sender: MessageSender,
  hasOwnQueue: (jobId: string) => boolean,
): (runs: readonly DispatchedRun[]) => Promise<void> {
  let pending: PendingBatch | undefined;
  const flush = async () => {
    const { runs } = pending!;
    pending = undefined;
    const byQueue = Map.groupBy(runs, ({ jobId }) => (hasOwnQueue(jobId) ? ownQueue(jobId) : SHARED_QUEUE));
    await Promise.all(
      [...byQueue].map(([queue, all]) =>
        sender.send(
          queue,
          // The time is part of the id: a retry of a run is a new message, a second send of the same message is not.
          all.map(({ id, at }) => ({ body: { run: id }, messageId: `${id}:${at.getTime()}`, at })),
        ),
      ),
    );
  };
  return (runs) => {
    pending ??= { runs: [], sent: new Promise((resolve) => setImmediate(resolve)).then(flush) };
    pending.runs.push(...runs);
    return pending.sent;
  };
}
