import { z } from "zod";
import { storeChatMessages } from "#data/personal-ops/chat-messages.ts";
import { defineRoute } from "#http/route.ts";
import { instantField } from "#rules/input-fields.ts";
import { respondOnce } from "../idempotent-requests.ts";

const MAX_MESSAGES = 500;
/** Characters of one message: ten times that of Telegram. */
const MAX_TEXT = 40_000;

const message = z.strictObject({
  chat: z.string().trim().min(1).max(100).describe("Where it was written: a chat"),
  externalId: z.string().trim().min(1).max(200).describe("Its id in the chat: a message is stored once"),
  direction: z.enum(["from_person", "to_person"]).default("from_person"),
  text: z.string().min(1).max(MAX_TEXT),
  sentAt: instantField,
});

export const submitChatMessages = defineRoute({
  method: "POST",
  path: "api/personal-ops/chat-messages",
  access: "operator",
  idempotent: true,
  summary: `Store up to ${MAX_MESSAGES} chat messages, each once; the next periodic_scan finds the corrections in them`,
  maxBodyBytes: 4 * 1_048_576,
  body: z.strictObject({ messages: z.array(message).min(1).max(MAX_MESSAGES) }),
  response: z.object({
    messages: z.int(),
    known: z.int().describe("Those that were stored before: they are left as they are"),
  }),
  async handle({ app, body: { messages }, header }) {
    const { response } = await respondOnce(app, { header, payload: { chat: messages } }, async (tx) => {
      const added = await storeChatMessages(tx, messages, app.clock.now());
      return { response: { messages: messages.length, known: messages.length - added } };
    });
    return { json: response };
  },
});
