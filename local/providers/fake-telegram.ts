import { type FakeServer, startFakeServer } from "./fake-server.ts";
import { type Answer, type Fault, isAccepted } from "./fault-injection.ts";

/** Content faults: the recipient blocked the bot; the group moved to another id; no JSON. */
export type TelegramFault = "blocked" | "migrated" | "not-json";

/** A message that the bot sent. */
export interface TelegramMessage {
  readonly chat: string;
  /** As the recipient reads it: without the tags of parse_mode HTML. */
  readonly text: string;
  readonly isSilent: boolean;
  readonly at: string;
}

export interface FakeTelegram extends FakeServer<TelegramFault> {
  /** The bot's token. */
  readonly token: string;
  readonly sent: readonly TelegramMessage[];
}

/** UTF-16 units of a message, after entities are parsed. */
const LONGEST = 4_096;
/** The id that a migrated group has from then on. */
const MIGRATED_TO = -1_001_234_567_890;

/** A fake server of Telegram's Bot API: `POST /bot<token>/sendMessage` with a JSON body and parse_mode HTML. */
export async function startFakeTelegram({
  port = 0,
  token = "100000001:SAMPLE-bot-token-of-the-demo-only",
  now = () => new Date(),
}: { port?: number; token?: string; now?: () => Date } = {}): Promise<FakeTelegram> {
  const sent: TelegramMessage[] = [];
  const server = await startFakeServer<TelegramFault>({
    port,
    methods: ["POST"],
    errorBody: (status) => refusal(status, DESCRIPTIONS[status] ?? "Internal Server Error"),
    answer(url, fault, _request, body) {
      if (url.pathname !== `/bot${token}/sendMessage`) return refusal(url.pathname.startsWith("/bot") ? 401 : 404);
      const asked = readMessage(body);
      const fails = asked ? faultOf(fault, asked.chat) : refusal(400, "Bad Request: message text is empty");
      if (fails) return fails;
      const { text, chat, isSilent } = asked!;
      if (text === null) return refusal(400, "Bad Request: can't parse entities: unsupported or unclosed tag");
      if (text.length > LONGEST) return refusal(400, "Bad Request: message is too long");
      if (isAccepted(fault)) sent.push({ chat, text, isSilent, at: now().toISOString() });
      const result = {
        message_id: sent.length,
        from: { id: Number(token.split(":")[0]), is_bot: true, first_name: "Sample", username: "sample_bot" },
        chat: { id: Number(chat), type: chat.startsWith("-") ? "group" : "private" },
        date: Math.floor(now().getTime() / 1_000),
        text,
      };
      return json({ ok: true, result });
    },
  });
  return { ...server, token, sent };
}

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  401: "Unauthorized",
  403: "Forbidden: bot was blocked by the user",
  404: "Not Found",
  405: "Method Not Allowed",
  429: "Too Many Requests: retry after 7",
};

function faultOf(fault: Fault<TelegramFault> | undefined, chat: string): Answer | undefined {
  switch (fault?.kind) {
    case "blocked":
      return refusal(403);
    case "migrated":
      return chat === String(MIGRATED_TO)
        ? undefined
        : refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", {
            migrate_to_chat_id: MIGRATED_TO,
          });
    case "not-json":
      return { type: "text/html", body: "<html>Bad Gateway</html>", status: 200 };
    default:
      return undefined;
  }
}

/** The message of a request; undefined without a chat or a text. The text is null when its tags are not balanced. */
function readMessage(body: string): { chat: string; text: string | null; isSilent: boolean } | undefined {
  const { chat_id: chat, text, parse_mode: mode, disable_notification: isSilent } = jsonOf(body);
  if ((typeof chat !== "string" && typeof chat !== "number") || typeof text !== "string" || text.trim() === "") {
    return undefined;
  }
  return { chat: String(chat), text: mode === "HTML" ? withoutTags(text) : text, isSilent: isSilent === true };
}

/** The text of HTML as Telegram accepts it: balanced `b`, `i`, `u`, `s`, `code`, `pre` and `a`; null for any other. */
function withoutTags(html: string): string | null {
  const open: string[] = [];
  for (const [tag, isEnd, name = ""] of html.matchAll(/<(\/?)([^\s<>]*)[^<>]*>/g)) {
    if (!/^(?:b|i|u|s|code|pre|a)$/.test(name)) return null;
    if (isEnd ? open.pop() !== name : open.push(name) === 0) return null;
    if (tag.length > 300) return null;
  }
  const text = html.replace(/<[^<>]*>/g, "");
  if (open.length > 0 || text.includes("<")) return null;
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}

function refusal(status: number, description = DESCRIPTIONS[status] ?? "Bad Request", parameters?: object): Answer {
  const wait = status === 429 ? { retry_after: 7 } : parameters;
  return { ...json({ ok: false, error_code: status, description, ...(wait && { parameters: wait }) }), status };
}

function json(value: object): Answer {
  return { type: "application/json", body: JSON.stringify(value) };
}

function jsonOf(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    return {};
  }
}
