import { z } from "zod";
import type { ErrorClass } from "#jobs/error-class.ts";
import { outbound, type OutboundOptions } from "#providers/outbound.ts";
import { ProviderError } from "#providers/provider-error.ts";
import { type Channel, type Message, truncate } from "../channel.ts";

/** UTF-16 units of a message, after entities are parsed (Bot API, sendMessage). */
const LONGEST = 4_096;

const answerSchema = z.object({
  ok: z.boolean(),
  description: z.string().optional(),
  result: z.object({ message_id: z.number() }).optional(),
  parameters: z.object({ retry_after: z.number().optional(), migrate_to_chat_id: z.number().optional() }).optional(),
});
type Answer = z.infer<typeof answerSchema>;

export interface TelegramOptions extends Pick<OutboundOptions, "timeoutMs" | "resolve" | "policy"> {
  readonly baseUrl: string;
  readonly token: string;
}

/**
 * Telegram's Bot API. It has no idempotency key and no query for sent messages: after a crash or a timeout the message
 * is sent again, so that it may arrive twice but is never lost.
 */
export function telegram({ baseUrl, token, ...limits }: TelegramOptions): Channel {
  const client = outbound({ provider: "telegram", baseUrl, secrets: [token], maxBytes: 256 * 1024, ...limits });
  return {
    name: "chatbot",
    async deliver(message, { signal }) {
      const answer = await send(message.address, message, signal);
      const movedTo = answer.parameters?.migrate_to_chat_id;
      if (!answer.ok && movedTo !== undefined) {
        const again = await send(String(movedTo), message, signal);
        return { providerMessageId: idOf(again), movedTo: String(movedTo) };
      }
      return { providerMessageId: idOf(answer) };
    },
    close: () => {
      client.close();
    },
  };

  async function send(chat: string, message: Message, signal: AbortSignal): Promise<Answer & { status: number }> {
    // The token contains a colon: without the dot, the text before it would be parsed as a scheme.
    const response = await client.call(`./bot${token}/sendMessage`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        chat_id: chat,
        text: telegramText(message),
        parse_mode: "HTML",
        disable_notification: message.severity === "INFO",
        link_preview_options: { is_disabled: true },
      }),
      // Telegram explains refusals in the body; a 5xx comes from a proxy before it.
      answers: (status) => status >= 400 && status < 500,
      signal,
    });
    const text = await response.text();
    const answer = answerSchema.safeParse(parsed(text));
    if (!answer.success) {
      const sentence = `telegram answered ${response.status} with something that is not a response of the Bot API`;
      throw new ProviderError(sentence, { provider: "telegram", errorClass: "transient", status: response.status });
    }
    return { ...answer.data, status: response.status };
  }
}

/** Title in bold and body, escaped for parse_mode HTML, within Telegram's limit. */
export function telegramText({ title, body }: Pick<Message, "title" | "body">): string {
  const rest = truncate(body, LONGEST - title.length - 2);
  return `<b>${escaped(title)}</b>${rest ? `\n\n${escaped(rest)}` : ""}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function idOf({
  ok,
  status,
  description = "no reason given",
  result,
  parameters,
}: Answer & { status: number }): string {
  if (ok && result) return String(result.message_id);
  const wait = parameters?.retry_after;
  throw new ProviderError(`telegram answered ${status}: ${description}`, {
    provider: "telegram",
    status,
    errorClass: classOf(status),
    ...(wait !== undefined && { retryAfterMs: wait * 1_000 }),
  });
}

/** 403: the recipient blocked the bot or left the group. 401 and 404: the token is wrong. */
function classOf(status: number): ErrorClass {
  if (status === 429) return "rate_limited";
  return status === 401 || status === 404 ? "auth" : "validation";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
