import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { telegram, telegramText } from "#notifications/channels/telegram.ts";
import { sample } from "#support/sample-data.ts";
import { providerErrorOf, scriptedServer } from "../../providers/scripted-server.ts";
import { aMessage, bodyOf, signal } from "./sample-message.ts";

const TOKEN = `123456:${"aB3_".repeat(9)}`;
/** Bodies as the Bot API sends them. */
const OK = { ok: true, result: { message_id: 815, chat: { id: 42, type: "private" }, date: 1_790_000_000, text: "…" } };
const refused = (error_code: number, description: string, parameters?: object) => ({
  ok: false,
  error_code,
  description,
  ...(parameters && { parameters }),
});

async function bot(answer: (asked: { chat_id: string; text: string }) => { status: number; body: unknown }) {
  const asked: { url: string | undefined; body: Record<string, unknown> }[] = [];
  const { url } = await scriptedServer((request: IncomingMessage, response) => {
    void bodyOf(request).then((bytes) => {
      const body = JSON.parse(bytes.toString()) as { chat_id: string; text: string };
      asked.push({ url: request.url, body });
      const { status, body: reply } = answer(body);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(reply));
    });
  });
  return { asked, channel: telegram({ baseUrl: url, token: TOKEN, timeoutMs: 5_000 }) };
}

it("sends title and body in the format of the Bot API, and returns the message's id", async () => {
  const { asked, channel } = await bot(() => ({ status: 200, body: OK }));
  expect(await channel.deliver(aMessage(), { signal })).toEqual({ providerMessageId: "815" });
  expect(asked).toEqual([
    {
      url: `/bot${TOKEN}/sendMessage`,
      body: {
        chat_id: "42",
        text: "<b>Order 7 is late</b>\n\nIt was due on Monday.",
        parse_mode: "HTML",
        disable_notification: false,
        link_preview_options: { is_disabled: true },
      },
    },
  ]);
});

it("a text cannot contain markup, and is never longer than Telegram's limit", () => {
  expect(telegramText({ title: "<b>&", body: "</b><a href='x'>" })).toBe(
    "<b>&lt;b&gt;&amp;</b>\n\n&lt;/b&gt;&lt;a href='x'&gt;",
  );
  const long = telegramText({ title: "t".repeat(300), body: "😀".repeat(10_000) });
  const seen = long.replace(/<\/?b>/g, "");
  expect(seen.length).toBeLessThanOrEqual(4_096);
  expect(seen.isWellFormed()).toBe(true);
  expect(seen.endsWith("…")).toBe(true);
});

describe("what Telegram refuses", () => {
  it.each([
    [429, refused(429, "Too Many Requests: retry after 15", { retry_after: 15 }), "rate_limited", 15_000],
    [403, refused(403, "Forbidden: bot was blocked by the user"), "validation", undefined],
    [400, refused(400, "Bad Request: chat not found"), "validation", undefined],
    [401, refused(401, "Unauthorized"), "auth", undefined],
    [404, refused(404, "Not Found"), "auth", undefined],
  ] as const)("with %i is of its class, with Telegram's own words", async (status, body, errorClass, retryAfterMs) => {
    const { channel } = await bot(() => ({ status, body }));
    const trouble = await providerErrorOf(() => channel.deliver(aMessage(), { signal }));
    expect(trouble).toMatchObject({
      errorClass,
      retryAfterMs,
      message: `telegram answered ${status}: ${body.description}`,
    });
  });

  it("with 502 is transient", async () => {
    const { channel } = await bot(() => ({ status: 502, body: {} }));
    const trouble = await providerErrorOf(() => channel.deliver(aMessage(), { signal }));
    expect(trouble.errorClass).toBe("transient");
    expect(trouble.stack).not.toContain(TOKEN);
  });

  it("is parsed as recorded", async () => {
    const file = sample("api/telegram/send-message.json");
    if (!file) return;
    const recorded = JSON.parse(readFileSync(file, "utf8")) as Record<"429" | "403", { http: number; body: unknown }>;
    for (const [name, errorClass] of [
      ["429", "rate_limited"],
      ["403", "validation"],
    ] as const) {
      const { channel } = await bot(() => ({ status: recorded[name].http, body: recorded[name].body }));
      expect(await providerErrorOf(() => channel.deliver(aMessage(), { signal }))).toMatchObject({ errorClass });
    }
  });
});

it("a group that became a supergroup gets the message there, and the receipt has its new id", async () => {
  const { asked, channel } = await bot(({ chat_id }) =>
    chat_id === "42"
      ? { status: 400, body: refused(400, "Bad Request: group chat was upgraded", { migrate_to_chat_id: -1001 }) }
      : { status: 200, body: OK },
  );
  expect(await channel.deliver(aMessage(), { signal })).toEqual({ providerMessageId: "815", movedTo: "-1001" });
  expect(asked.map(({ body }) => body.chat_id)).toEqual(["42", "-1001"]);
});
