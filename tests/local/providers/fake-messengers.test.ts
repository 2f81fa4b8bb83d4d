import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type FakeTelegram, startFakeTelegram } from "#local/providers/fake-telegram.ts";
import { type FakeTwilio, startFakeTwilio } from "#local/providers/fake-twilio.ts";
import { type FaultApi, startFaultApi } from "#local/providers/fault-api.ts";
import type { Message } from "#notifications/channel.ts";
import { telegram } from "#notifications/channels/telegram.ts";
import { twilio } from "#notifications/channels/twilio.ts";

let fakeTelegram: FakeTelegram;
let fakeTwilio: FakeTwilio;
let faultApi: FaultApi;
beforeAll(async () => {
  [fakeTelegram, fakeTwilio] = await Promise.all([startFakeTelegram(), startFakeTwilio()]);
  faultApi = await startFaultApi({ telegram: fakeTelegram, twilio: fakeTwilio });
});
afterAll(() => Promise.all([faultApi.close(), fakeTelegram.close(), fakeTwilio.close()]));
afterEach(() => {
  fakeTelegram.recover();
  fakeTwilio.recover();
});

const message: Message = {
  id: "01999999-0000-7000-8000-000000000000",
  recipient: "user:owner",
  severity: "INFO",
  type: "note",
  title: "A <b>title</b>",
  body: "5 < 6 & 7 > 6",
  data: {},
  createdAt: new Date(),
  address: "4711",
  subscriptions: [],
  triedAt: null,
};
const options = { signal: new AbortController().signal };
const byTelegram = (given: Partial<Message> = {}, token = fakeTelegram.token) =>
  telegram({ baseUrl: fakeTelegram.origin, token, timeoutMs: 5_000 }).deliver({ ...message, ...given }, options);
const byTwilio = (channel: "sms" | "voice", given: Partial<Message> = {}) => {
  const { origin: baseUrl, accountSid, authToken } = fakeTwilio;
  const client = twilio({ baseUrl, accountSid, authToken, from: "+15005550006", timeoutMs: 5_000 });
  return client[channel].deliver({ ...message, address: "+15005550009", ...given }, options);
};

describe("the fake Telegram", () => {
  it("records a message as the recipient reads it", async () => {
    expect(await byTelegram()).toEqual({ providerMessageId: "1" });
    expect(fakeTelegram.sent.at(-1)).toMatchObject({
      chat: "4711",
      text: "A <b>title</b>\n\n5 < 6 & 7 > 6",
      isSilent: true,
    });
    const listed = (await (await fetch(`${faultApi.url}/telegram/sent`)).json()) as { telegram: unknown };
    expect(listed.telegram).toEqual(fakeTelegram.sent);
  });

  it("refuses another token, a recipient who blocked the bot, and a rate that is too high", async () => {
    const before = fakeTelegram.sent.length;
    await expect(byTelegram({}, `${fakeTelegram.token}x`)).rejects.toMatchObject({ errorClass: "auth" });
    fakeTelegram.fail({ kind: "blocked", times: 1 });
    await expect(byTelegram()).rejects.toMatchObject({ errorClass: "validation" });
    fakeTelegram.fail({ kind: "429", times: 1 });
    await expect(byTelegram()).rejects.toMatchObject({ errorClass: "rate_limited", retryAfterMs: 7_000 });
    expect(fakeTelegram.sent).toHaveLength(before);
  });

  it("has sent a message whose answer was lost", async () => {
    const before = fakeTelegram.sent.length;
    fakeTelegram.fail({ kind: "truncated", times: 1 });
    await expect(byTelegram()).rejects.toMatchObject({ errorClass: "transient" });
    expect(fakeTelegram.sent).toHaveLength(before + 1);
  });
});

describe("the fake Twilio", () => {
  it("records calls and text messages, and lists them", async () => {
    const { providerMessageId: sid } = await byTwilio("voice");
    await byTwilio("sms");
    expect(fakeTwilio.sent.map(({ kind, to }) => `${kind} ${to}`)).toEqual(["call +15005550009", "sms +15005550009"]);
    expect(fakeTwilio.sent[0]!.content).toMatch(/^<Response><Say>A &lt;b&gt;title/);
    expect(await byTwilio("voice", { triedAt: new Date() })).toEqual({ providerMessageId: sid });
    expect(fakeTwilio.sent).toHaveLength(2);
  });

  it("refuses a number that is not one, and places no call during an outage", async () => {
    const before = fakeTwilio.sent.length;
    await expect(byTwilio("voice", { address: "123" })).rejects.toThrow("21211");
    fakeTwilio.fail({ kind: "503", times: 1 });
    await expect(byTwilio("voice")).rejects.toMatchObject({ errorClass: "transient" });
    expect(fakeTwilio.sent).toHaveLength(before);
  });
});
