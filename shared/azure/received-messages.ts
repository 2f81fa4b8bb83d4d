import { createHash } from "node:crypto";
import type { TriggerMetadata } from "@azure/functions";
import { v7 as uuidv7 } from "uuid";
import { type DeadMessage, insertDeadMessages } from "#data/platform/dead-messages.ts";
import { runsNotInLedger } from "#data/platform/job-runs.ts";
import { rowId } from "#data/row-ids.ts";
import type { App } from "#http/app-services.ts";
import { readRunMessage, UnreadableMessage } from "#messaging/run-message.ts";
import { jsonbSafe, jsonbSafeText } from "#redaction/jsonb-safe.ts";

/** A message as the trigger delivers it; properties that the trigger does not know are null. */
export interface ReceivedMessage {
  readonly body: unknown;
  readonly messageId: string | null;
  readonly enqueuedAt: string | null;
  readonly sequenceNumber: number | null;
}

/** A message without a run, and why. */
interface OrphanedMessage {
  readonly message: ReceivedMessage;
  readonly reason: string;
}

/** UTF-16 units of a body that are stored. */
const MAX_STORED_BODY = 16_384;

/**
 * Pairs bodies with their metadata, which the trigger gives as lists for a batch and as single values for one message.
 */
export function receivedMessages(bodies: readonly unknown[], metadata: TriggerMetadata = {}): ReceivedMessage[] {
  return bodies.map((body, i) => {
    const property = (name: string) => {
      const list = metadata[`${name}Array`];
      return Array.isArray(list) ? (list[i] as unknown) : bodies.length === 1 ? metadata[name] : undefined;
    };
    const [id, at, number] = [property("messageId"), property("enqueuedTimeUtc"), property("sequenceNumber")];
    return {
      body,
      messageId: typeof id === "string" ? id : null,
      enqueuedAt: typeof at === "string" ? at : null,
      sequenceNumber: typeof number === "number" ? number : null,
    };
  });
}

/** The runs that messages name, each with its first message, and the messages that cannot be read. */
export function readMessages(messages: readonly ReceivedMessage[]): {
  runs: ReadonlyMap<string, ReceivedMessage>;
  unreadable: OrphanedMessage[];
} {
  const runs = new Map<string, ReceivedMessage>();
  const unreadable: OrphanedMessage[] = [];
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

/** The messages whose runs are not in the ledger, for example those of another database. */
export async function messagesWithoutRun(
  app: App,
  runs: ReadonlyMap<string, ReceivedMessage>,
): Promise<OrphanedMessage[]> {
  if (runs.size === 0) return [];
  const unknown = await runsNotInLedger(app.db, [...runs.keys()]);
  return unknown.map((id) => ({ message: runs.get(id)!, reason: `there is no run ${id} in the ledger` }));
}

/** Stores messages as dead letters, each once however often it is delivered, so that the broker can complete them. */
export async function storeOrphanedMessages(
  app: App,
  queue: string,
  orphans: readonly OrphanedMessage[],
): Promise<void> {
  if (orphans.length === 0) return;
  for (const { reason } of orphans) {
    app.log.error("A message has no run; it is stored as a dead letter", { queue, reason });
  }
  await insertDeadMessages(
    app.db,
    orphans.map(({ message, reason }) => deadMessage(queue, message, reason, app.clock.now())),
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
    id: idOf(queue, message, receivedAt),
    queue,
    messageId: messageId && jsonbSafeText(messageId, 128),
    reason: jsonbSafeText(reason, 1_024),
    // `jsonbSafe` goes first: a body may nest deeper than JSON.stringify can.
    body: jsonbSafeText(typeof body === "string" ? body : JSON.stringify(jsonbSafe(body) ?? null), MAX_STORED_BODY),
    receivedAt,
  };
}

/** The same id for each delivery of a message: a UUIDv7 from its time and sequence number. */
function idOf(queue: string, { messageId, enqueuedAt, sequenceNumber }: ReceivedMessage, receivedAt: Date): string {
  const msecs = Date.parse(enqueuedAt ?? "");
  if (Number.isNaN(msecs) || sequenceNumber === null) return rowId(receivedAt);
  const random = createHash("sha256")
    .update(JSON.stringify([queue, sequenceNumber, messageId]))
    .digest();
  return uuidv7({ msecs, seq: random.readUInt32BE(16) & 0x7fffffff, random: random.subarray(0, 16) });
}
