import { createHash, createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, it } from "vitest";
import { acsEmail, readAcsConnection } from "#notifications/channels/acs-email.ts";
import { providerErrorOf, scriptedServer } from "../../providers/scripted-server.ts";
import { aMessage, bodyOf, signal } from "./sample-message.ts";

const KEY = Buffer.from("a key of communication services, 32 bytes").toString("base64");
const message = aMessage({ address: "anna@example.org" });
const OPERATION = `/emails/operations/${message.id}`;

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * The service: POST starts an operation under the id that the client gave, GET shows it; each HMAC is checked as Azure
 * does.
 */
async function communicationServices(states: readonly { status: number; state: string; error?: object }[]) {
  const asked: Asked[] = [];
  const { url } = await scriptedServer((request, response) => {
    void bodyOf(request).then((bytes) => {
      const one = { method: request.method!, path: request.url!, headers: request.headers, body: bytes.toString() };
      const { status, state, error } = states[Math.min(asked.length, states.length - 1)]!;
      asked.push(one);
      if (!isSigned(one)) return response.writeHead(401).end();
      const headers = { "content-type": "application/json", "retry-after-ms": "1", "operation-location": OPERATION };
      return response.writeHead(status, headers).end(JSON.stringify({ id: message.id, status: state, error }));
    });
  });
  const { endpoint, accessKey } = readAcsConnection(`endpoint=${url};accesskey=${KEY}`);
  return { asked, channel: acsEmail({ endpoint, access: { accessKey }, from: "rota@example.org", timeoutMs: 5_000 }) };
}

function isSigned({ method, path, headers, body }: Asked): boolean {
  const hash = createHash("sha256").update(body).digest("base64");
  const signed = `${method}\n${path}\n${String(headers["x-ms-date"])};${headers.host};${hash}`;
  const signature = createHmac("sha256", Buffer.from(KEY, "base64")).update(signed).digest("base64");
  return (
    headers["x-ms-content-sha256"] === hash &&
    headers.authorization === `HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${signature}`
  );
}

it("starts an operation under the notification's id and polls it until it succeeds", async () => {
  const { asked, channel } = await communicationServices([
    { status: 202, state: "Running" },
    { status: 200, state: "Running" },
    { status: 200, state: "Succeeded" },
  ]);
  expect(await channel.deliver(message, { signal })).toEqual({ providerMessageId: message.id });
  expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /emails:send?api-version=2023-03-31",
    `GET ${OPERATION}?api-version=2023-03-31`,
    `GET ${OPERATION}?api-version=2023-03-31`,
  ]);
  expect(asked[0]!.headers).toMatchObject({
    "operation-id": message.id,
    "repeatability-request-id": message.id,
    "repeatability-first-sent": "Tue, 10 Mar 2026 12:00:00 GMT",
  });
  expect(JSON.parse(asked[0]!.body)).toMatchObject({
    senderAddress: "rota@example.org",
    recipients: { to: [{ address: "anna@example.org" }] },
    content: { subject: "Order 7 is late", plainText: "It was due on Monday." },
  });
});

describe("a retry after an unknown outcome", () => {
  const again = { ...message, triedAt: new Date() };

  it("reads the operation, and sends nothing when it exists", async () => {
    const { asked, channel } = await communicationServices([{ status: 200, state: "Succeeded" }]);
    expect(await channel.deliver(again, { signal })).toEqual({ providerMessageId: message.id });
    expect(asked.map(({ method }) => method)).toEqual(["GET"]);
  });

  it("sends when it does not exist", async () => {
    const { asked, channel } = await communicationServices([
      { status: 404, state: "" },
      { status: 202, state: "Succeeded" },
    ]);
    await channel.deliver(again, { signal });
    expect(asked.map(({ method }) => method)).toEqual(["GET", "POST"]);
  });
});

describe("trouble", () => {
  it.each([
    [
      [{ status: 202, state: "Failed", error: { code: "X", message: "domain not verified" } }],
      "validation",
      /domain not/,
    ],
    [[{ status: 202, state: "Running" }], "transient", /still Running/],
    [[{ status: 429, state: "" }], "rate_limited", /429/],
    [[{ status: 401, state: "" }], "auth", /401/],
  ] as const)("%j", async (states, errorClass, words) => {
    const { channel } = await communicationServices(states);
    const trouble = await providerErrorOf(() => channel.deliver(message, { signal }));
    expect(trouble).toMatchObject({ errorClass, message: expect.stringMatching(words) as string });
    expect(trouble.message).not.toContain("anna@");
  });
});

it("uses a token of its identity without a key", async () => {
  const seen: (string | undefined)[] = [];
  const { url } = await scriptedServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end(JSON.stringify({ id: message.id, status: "Succeeded" }));
  });
  const access = { token: async () => "a-token" };
  await acsEmail({ endpoint: url, access, from: "rota@example.org", timeoutMs: 5_000 }).deliver(message, { signal });
  expect(seen).toEqual(["Bearer a-token"]);
});
