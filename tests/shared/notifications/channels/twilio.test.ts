import fc from "fast-check";
import { XMLParser } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import { smsText, twilio, twimlOf } from "#notifications/channels/twilio.ts";
import { providerErrorOf, scriptedServer } from "../../providers/scripted-server.ts";
import { aMessage, bodyOf, signal } from "./sample-message.ts";

const TO = "+15005550009";
const ACCOUNT = { accountSid: "AC0123", authToken: "a-token-of-the-account", from: "+15005550006", timeoutMs: 5_000 };
const message = aMessage({ address: TO, severity: "SEV1" });

/** Characters that XML 1.0 has, and of & and < none that is not escaped. */
const WORDS =
  "(?:[\\t\\n\\r\\u0020-\\u0025\\u0027-;=-\\ud7ff\\ue000-\\ufffd]|[\\u{10000}-\\u{10ffff}]|&(?:amp|lt|gt|quot|apos);)*";
const WELL_FORMED = new RegExp(`^<Response><Say>${WORDS}</Say><Pause length="1"/><Say>${WORDS}</Say></Response>$`, "u");

interface Asked {
  readonly method: string | undefined;
  readonly url: URL;
  readonly authorization: string | undefined;
  readonly form: Record<string, string>;
}

async function account(answer: (asked: Asked) => { status: number; body: unknown; headers?: Record<string, string> }) {
  const asked: Asked[] = [];
  const { url } = await scriptedServer((request, response) => {
    void bodyOf(request).then((bytes) => {
      const one: Asked = {
        method: request.method,
        url: new URL(request.url!, "http://twilio.test"),
        authorization: request.headers.authorization,
        form: Object.fromEntries(new URLSearchParams(bytes.toString())),
      };
      asked.push(one);
      const { status, body, headers } = answer(one);
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
    });
  });
  return { asked, ...twilio({ baseUrl: url.replace(/\/$/, ""), ...ACCOUNT }) };
}

it("a text message is a form with basic authentication", async () => {
  const { asked, sms } = await account(() => ({ status: 201, body: { sid: "SM1", status: "queued" } }));
  expect(await sms.deliver(message, { signal })).toEqual({ providerMessageId: "SM1" });
  expect(asked).toMatchObject([
    {
      method: "POST",
      url: { pathname: "/2010-04-01/Accounts/AC0123/Messages.json" },
      authorization: `Basic ${btoa("AC0123:a-token-of-the-account")}`,
      form: { To: TO, From: "+15005550006", Body: "SEV1: Order 7 is late\nIt was due on Monday." },
    },
  ]);
});

it("a call says title and body twice", async () => {
  const { asked, voice } = await account(() => ({ status: 201, body: { sid: "CA1" } }));
  expect(await voice.deliver(message, { signal })).toEqual({ providerMessageId: "CA1" });
  const { Response } = new XMLParser().parse(asked[0]!.form.Twiml!) as { Response: { Say: string[] } };
  expect(Response.Say).toEqual(Array(2).fill("Order 7 is late. It was due on Monday."));
});

it("any text becomes well-formed TwiML within the limit, with words only", () => {
  const text = fc.string({ unit: "binary", maxLength: 3_000 });
  fc.assert(
    fc.property(text, text, (title, body) => {
      const twiml = twimlOf({ title, body, data: {} });
      expect(twiml.length).toBeLessThanOrEqual(4_000);
      expect(twiml).toMatch(WELL_FORMED);
    }),
    { numRuns: 100 },
  );
  expect(twimlOf({ title: "</Say><Dial>+1900</Dial>", body: "", data: {} })).not.toContain("<Dial>");
  expect(smsText({ severity: "SEV1", title: "t", body: "x".repeat(5_000) })).toHaveLength(1_600);
});

it("a script is spoken once, without the title, escaped and within Twilio's limit", () => {
  const once = (script: string) => twimlOf({ title: "t", body: "b", data: { script } });
  expect(once("Good morning.")).toBe("<Response><Say>Good morning.</Say></Response>");
  expect(once("</Say><Dial>+1900</Dial>")).not.toContain("<Dial>");
  expect(once("&".repeat(5_000))).toMatch(/^<Response><Say>(&amp;)+…<\/Say><\/Response>$/);
  expect(once("&".repeat(5_000)).length).toBeLessThanOrEqual(4_000);
});

describe("a retry after an unknown outcome", () => {
  const triedAt = new Date("2026-03-10T12:00:00Z");
  const again = { ...message, triedAt };
  const listed = (date_created: string, body = smsText(message)) => ({
    status: 200,
    body: { messages: [{ sid: "SM7", body, date_created }] },
  });

  it("finds the message in Twilio's list and sends nothing", async () => {
    const { asked, sms } = await account(() => listed("Tue, 10 Mar 2026 12:00:01 +0000"));
    expect(await sms.deliver(again, { signal })).toEqual({ providerMessageId: "SM7" });
    expect(asked).toHaveLength(1);
    expect(Object.fromEntries(asked[0]!.url.searchParams)).toEqual({
      To: TO,
      From: "+15005550006",
      "DateSent>": "2026-03-10",
      PageSize: "200",
    });
  });

  it("finds the message although Twilio put words before it", async () => {
    const body = `Sent from your Twilio trial account - ${smsText(message)}`;
    const { asked, sms } = await account(() => listed("Tue, 10 Mar 2026 12:00:01 +0000", body));
    expect(await sms.deliver(again, { signal })).toEqual({ providerMessageId: "SM7" });
    expect(asked).toHaveLength(1);
  });

  it.each([
    ["a longer one that ends alike", listed("Tue, 10 Mar 2026 12:00:01 +0000", `SEV1: Other\n${smsText(message)}`)],
    ["an older one", listed("Tue, 10 Mar 2026 08:00:00 +0000")],
    ["one with another text", listed("Tue, 10 Mar 2026 12:00:01 +0000", "Other")],
    ["none", { status: 200, body: { messages: [] } }],
  ])("sends when it finds %s", async (_, list) => {
    const { asked, sms } = await account(({ method }) =>
      method === "GET" ? list : { status: 201, body: { sid: "SM8" } },
    );
    expect(await sms.deliver(again, { signal })).toEqual({ providerMessageId: "SM8" });
    expect(asked.map(({ method }) => method)).toEqual(["GET", "POST"]);
  });
});

describe("what Twilio refuses", () => {
  it.each([
    [400, { code: 21211, message: "Invalid 'To' Phone Number", status: 400 }, "validation", /21211/],
    [401, { code: 20003, message: "Authenticate", status: 401 }, "auth", /401/],
    [429, { code: 20429, message: "Too Many Requests", status: 429 }, "rate_limited", /429/],
    [503, {}, "transient", /503/],
  ] as const)(
    "with %i is of its class, and names neither token nor number",
    async (status, body, errorClass, words) => {
      const { sms } = await account(() => ({ status, body, headers: { "retry-after": "3" } }));
      const trouble = await providerErrorOf(() => sms.deliver(message, { signal }));
      expect(trouble).toMatchObject({ errorClass, message: expect.stringMatching(words) as string });
      expect(JSON.stringify([trouble, trouble.stack])).not.toMatch(/a-token-of|15005550009/);
    },
  );
});
