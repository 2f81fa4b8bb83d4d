import { z } from "zod";
import { outbound, type OutboundOptions } from "#providers/outbound.ts";
import { ProviderError } from "#providers/provider-error.ts";
import { type Channel, type Message, type Receipt, truncate } from "../channel.ts";

/** Characters of one text message; Twilio refuses longer ones. */
const LONGEST_TEXT = 1_600;
/** Characters of TwiML in the parameter `Twiml`. */
const LONGEST_TWIML = 4_000;
/** Characters that a provider adds before a text. */
const LONGEST_PREFIX = 80;
/** Maximum difference between Twilio's clock and ours. */
const CLOCK_SKEW_MS = 60_000;

const sent = z.object({ sid: z.string() });
const refusal = z.object({ code: z.number().optional(), message: z.string().optional() });
const listed = z.object({ sid: z.string(), body: z.string().nullish(), date_created: z.string().nullish() });
const list = z.object({ messages: z.array(listed).optional(), calls: z.array(listed).optional() });

export interface TwilioOptions extends Pick<OutboundOptions, "timeoutMs" | "resolve" | "policy"> {
  readonly baseUrl: string;
  readonly accountSid: string;
  readonly authToken: string;
  /** The number that texts and calls, in E.164. */
  readonly from: string;
}

/**
 * Text messages and calls by Twilio's REST API (2010-04-01). It has no idempotency key: a retry after an unknown
 * outcome first searches Twilio's list of messages between the two numbers since that attempt.
 */
export function twilio({ baseUrl, accountSid, authToken, from, ...limits }: TwilioOptions): {
  sms: Channel;
  voice: Channel;
} {
  const client = outbound({
    provider: "twilio",
    baseUrl: `${baseUrl}/2010-04-01/Accounts/${accountSid}/`,
    maxBytes: 1024 * 1024,
    secrets: [authToken],
    ...limits,
    headers: { authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}` },
  });
  const close = () => {
    client.close();
  };

  return {
    sms: {
      name: "sms",
      close,
      async deliver(message, { signal }) {
        const text = smsText(message);
        const dated = (day: string) => ({ To: message.address, From: from, "DateSent>": day });
        const isSame = ({ body }: z.infer<typeof listed>) => isText(text, body ?? "");
        return (
          (await earlier("Messages", message, dated, isSame, signal)) ??
          create("Messages", { To: message.address, From: from, Body: text }, signal)
        );
      },
    },
    voice: {
      name: "voice",
      close,
      async deliver(message, { signal }) {
        const dated = (day: string) => ({ To: message.address, From: from, "StartTime>": day });
        return (
          (await earlier("Calls", message, dated, () => true, signal)) ??
          create("Calls", { To: message.address, From: from, Twiml: twimlOf(message) }, signal)
        );
      },
    },
  };

  async function create(
    kind: "Messages" | "Calls",
    form: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Receipt> {
    const response = await client.call(`${kind}.json`, {
      secrets: [form.To!],
      method: "POST",
      body: new URLSearchParams(form).toString(),
      signal,
      accept: "application/json",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      answers: (status) => status === 400,
    });
    const answer: unknown = JSON.parse(await response.text());
    if (response.status === 400) {
      const { code, message = "no reason given" } = refusal.parse(answer);
      const sentence = `twilio refused the message${code === undefined ? "" : ` (${code})`}: ${message}`;
      throw new ProviderError(sentence, {
        provider: "twilio",
        errorClass: "validation",
        status: 400,
        url: response.url,
      });
    }
    return { providerMessageId: sent.parse(answer).sid };
  }

  /** The message or call of an earlier attempt, if it was accepted. */
  async function earlier(
    kind: "Messages" | "Calls",
    { triedAt, address }: Message,
    dated: (day: string) => Record<string, string>,
    isSame: (found: z.infer<typeof listed>) => boolean,
    signal: AbortSignal,
  ): Promise<Receipt | undefined> {
    if (!triedAt) return undefined;
    const since = new Date(triedAt.getTime() - CLOCK_SKEW_MS);
    const query = new URLSearchParams({ ...dated(since.toISOString().slice(0, 10)), PageSize: "200" });
    const response = await client.get(`${kind}.json?${query.toString()}`, {
      accept: "application/json",
      secrets: [address],
      signal,
    });
    const { messages = [], calls = [] } = list.parse(JSON.parse(await response.text()));
    const found = [...messages, ...calls].find(
      (each) => isSame(each) && each.date_created != null && Date.parse(each.date_created) >= since.getTime(),
    );
    return found && { providerMessageId: found.sid };
  }
}

/**
 * Whether a listed message is this text. Twilio and carriers add a line's beginning, such as "Sent from your Twilio
 * trial account - ", and drop white space at the ends.
 */
function isText(text: string, listedBody: string): boolean {
  const [own, found] = [text.trim(), listedBody.trim()];
  if (!found.endsWith(own)) return false;
  const prefix = found.slice(0, -own.length);
  return prefix.length <= LONGEST_PREFIX && !prefix.includes("\n");
}

/** Title and body within the limit of a text message. */
export function smsText({ severity, title, body }: Pick<Message, "severity" | "title" | "body">): string {
  return truncate(`${severity}: ${title}${body ? `\n${body}` : ""}`, LONGEST_TEXT);
}

/**
 * The speech of a call. It is said twice, because people miss the first words of a call; a `script` in the data has its
 * own length and is said once.
 */
export function twimlOf({ title, body, data }: Pick<Message, "title" | "body" | "data">): string {
  if (typeof data.script === "string") return oneSay(data.script);
  const [before, between, after] = ["<Response><Say>", '</Say><Pause length="1"/><Say>', "</Say></Response>"];
  const room = Math.floor((LONGEST_TWIML - before.length - between.length - after.length) / 2);
  const speech = fitting(`${title}. ${body}`.trim(), room);
  return before + speech + between + speech + after;
}

function oneSay(script: string): string {
  const [before, after] = ["<Response><Say>", "</Say></Response>"];
  return before + fitting(script, LONGEST_TWIML - before.length - after.length) + after;
}

/** Escaped, and no longer than there is room: shortens the words, never an entity. */
function fitting(words: string, room: number): string {
  let speech = words;
  while (escaped(speech).length > room)
    speech = truncate(speech, speech.length - Math.max(1, Math.ceil((escaped(speech).length - room) / 6)));
  return escaped(speech);
}

/** Escapes for XML 1.0, which does not allow control characters. */
function escaped(text: string): string {
  return (
    text
      .toWellFormed()
      // eslint-disable-next-line no-control-regex -- these are what XML does not allow
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, " ")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("'", "&apos;")
  );
}
