import { createHash } from "node:crypto";
import type { TriggerMetadata } from "@azure/functions";
import { v7 as uuidv7 } from "uuid";
import type { App } from "#app";
import { type DeadMessage, insertDeadMessages } from "#data/platform/dead-messages.ts";
import { runsNotInLedger } from "#data/platform/job-runs.ts";
import { readRunMessage, UnreadableMessage } from "#messaging/run-message.ts";
import { storable, storableText } from "#redaction/jsonb-safe.ts";

/** A message as the trigger hands it over, with what the broker says of it as far as it is known. */
export interface ReceivedMessage {
  readonly body: unknown;
  readonly messageId: string | null;
  readonly enqueuedAt: string | null;
  readonly sequenceNumber: number | null;
}

/** A message that leads to no run, and why. */
interface Stray {
  readonly message: ReceivedMessage;
  readonly reason: string;
}

/** UTF-16 units of a body that are kept. */
const KEPT_BODY = 16_384;

/** Bodies with the broker's words about each: the trigger gives them as lists for a batch, alone for a message alone. */
export function receivedMessages(bodies: readonly unknown[], metadata: TriggerMetadata = {}): ReceivedMessage[] {
  return bodies.map((body, i) => {
    const said = (name: string) => {
      const list = metadata[`${name}Array`];
      return Array.isArray(list) ? (list[i] as unknown) : bodies.length === 1 ? metadata[name] : undefined;
    };
    const [id, at, number] = [said("messageId"), said("enqueuedTimeUtc"), said("sequenceNumber")];
    return {
      body,
      messageId: typeof id === "string" ? id : null,
      enqueuedAt: typeof at === "string" ? at : null,
      sequenceNumber: typeof number === "number" ? number : null,
    };
  });
}

/** The runs that messages name, each with the first message that does, and the messages that nobody can read. */
export function readMessages(messages: readonly ReceivedMessage[]): {
  runs: ReadonlyMap<string, ReceivedMessage>;
  unreadable: Stray[];
} {
  const runs = new Map<string, ReceivedMessage>();
  const unreadable: Stray[] = [];
  for (const message of messages) {
    try {
      const { run } = readRunMessage(message.body);
      if (!runs.has(run)) runs.set(run, message);
    } catch (error) {
      if (!(error instanceof UnreadableMessage)) throw error;
      unreadable.push({ message, reason: error.message });
    }
  }
  return { runs, unreadable };
}

/** Those of the messages whose runs are not in the ledger: whoever sent them meant another one. */
export async function messagesWithoutRun(app: App, runs: ReadonlyMap<string, ReceivedMessage>): Promise<Stray[]> {
  if (runs.size === 0) return [];
  const unknown = await runsNotInLedger(app.db, [...runs.keys()]);
  return unknown.map((id) => ({ message: runs.get(id)!, reason: `there is no run ${id} in the ledger` }));
}

/** Keeps messages with the dead letters, each once however often it is delivered, so that it can be completed. */
export async function keepStrays(app: App, queue: string, strays: readonly Stray[]): Promise<void> {
  if (strays.length === 0) return;
  for (const { reason } of strays) {
    app.log.error("A message leads to no run; it is kept with the dead letters", { queue, reason });
  }
  await insertDeadMessages(
    app.db,
    strays.map(({ message, reason }) => deadMessage(queue, message, reason, app.clock.now())),
  );
}

function deadMessage(
  queue: string,
  message: ReceivedMessage,
  reason: string,
  receivedAt: Date,
): Omit<DeadMessage, "resolvedAt"> {
  const { body, messageId } = message;
  return {
    id: idOf(queue, message),
    queue,
    messageId: messageId && storableText(messageId, 128),
    reason: storableText(reason, 1_024),
    // A text is cut after, since a body may nest deeper than JSON.stringify can go.
    body: storableText(typeof body === "string" ? body : JSON.stringify(storable(body) ?? null), KEPT_BODY),
    receivedAt,
  };
}

/** The same for the same message: a UUIDv7 of its moment and place in the queue. */
function idOf(queue: string, { messageId, enqueuedAt, sequenceNumber }: ReceivedMessage): string {
  const msecs = Date.parse(enqueuedAt ?? "");
  if (Number.isNaN(msecs) || sequenceNumber === null) return uuidv7();
  const random = createHash("sha256")
    .update(JSON.stringify([queue, sequenceNumber, messageId]))
    .digest();
  return uuidv7({ msecs, seq: random.readUInt32BE(16) & 0x7fffffff, random: random.subarray(0, 16) });
}
