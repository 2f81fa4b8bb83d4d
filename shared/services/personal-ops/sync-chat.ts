import { addCorrections } from "#data/personal-ops/action-facts.ts";
import { type ChatMessage, listChatMessages } from "#data/personal-ops/chat-messages.ts";
import { correctionIn } from "#rules/personal-ops/chat-corrections.ts";
import { type SyncContext, type SyncResult, withSyncRecord } from "./sync-record.ts";

/** Messages of one transaction. */
const PAGE = 1_000;

/**
 * Reads the chat messages that were stored since the last scan and stores the corrections in them. Each message is read
 * once: the watermark is the id of the last one, and moves with the commit.
 */
export async function syncChat(context: SyncContext): Promise<SyncResult> {
  return withSyncRecord(context, "chat", async ({ watermark, commit }) => {
    let after = (watermark as { id: number } | null)?.id ?? 0;
    const counts = { messages: 0, corrections: 0 };
    for (let isDone = false; !isDone;) {
      context.signal.throwIfAborted();
      const { read, found } = await commit(async (tx) => {
        const read = await listChatMessages(tx, after, PAGE);
        const found = await addCorrections(tx, read.flatMap(correctionOf));
        after = read.at(-1)?.id ?? after;
        return { read, found, items: read.length, watermark: { id: after } };
      });
      counts.messages += read.length;
      counts.corrections += found.length;
      isDone = read.length < PAGE;
    }
    return counts;
  });
}

function correctionOf({ id, chat, text, sentAt, isFromPerson }: ChatMessage) {
  const found = isFromPerson ? correctionIn(text) : undefined;
  return found ? [{ ...found, at: sentAt, correctedBy: `chat:${chat}`, chatMessageId: id }] : [];
}
