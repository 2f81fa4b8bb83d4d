import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import webPush from "web-push";
import { AllSubscriptionsGone } from "#notifications/channel.ts";
import { pushPayload, webPushChannel } from "#notifications/channels/web-push.ts";
import { providerErrorOf, scriptedServer } from "../../providers/scripted-server.ts";
import { aMessage, bodyOf, signal } from "./sample-message.ts";

const keys = webPush.generateVAPIDKeys();
const vapid = { ...keys, subject: "mailto:ops@example.org" };

/** A browser: its key pair, its secret, and how it reads what comes (RFC 8188 and 8291, one record). */
function browser(endpoint: string) {
  const ecdh = createECDH("prime256v1");
  ecdh.generateKeys();
  const auth = randomBytes(16);
  const publicKey = ecdh.getPublicKey();
  return {
    subscription: {
      endpoint,
      keys: { p256dh: publicKey.toString("base64url"), auth: auth.toString("base64url") },
    },
    read(body: Buffer): unknown {
      const salt = body.subarray(0, 16);
      const idLength = body.readUInt8(20);
      const serverKey = body.subarray(21, 21 + idLength);
      const info = Buffer.concat([Buffer.from("WebPush: info\0"), publicKey, serverKey]);
      const ikm = Buffer.from(hkdfSync("sha256", ecdh.computeSecret(serverKey), auth, info, 32));
      const key = Buffer.from(hkdfSync("sha256", ikm, salt, "Content-Encoding: aes128gcm\0", 16));
      const nonce = Buffer.from(hkdfSync("sha256", ikm, salt, "Content-Encoding: nonce\0", 12));
      const record = body.subarray(21 + idLength);
      const decipher = createDecipheriv("aes-128-gcm", key, nonce).setAuthTag(record.subarray(-16));
      const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
      return JSON.parse(padded.subarray(0, padded.lastIndexOf(2)).toString());
    },
  };
}

async function pushService(statusOf: (path: string) => number = () => 201) {
  const asked: { path: string; headers: Record<string, unknown>; body: Buffer }[] = [];
  const { url } = await scriptedServer((request, response) => {
    void bodyOf(request).then((body) => {
      asked.push({ path: request.url!, headers: request.headers, body });
      response.writeHead(statusOf(request.url!), { location: "/message/1" }).end();
    });
  });
  const channel = webPushChannel({ vapid, hosts: [new URL(url).host], timeoutMs: 5_000 });
  return { asked, url, channel };
}

it("only the browser can read the message, and the signature identifies the sender", async () => {
  const { asked, url, channel } = await pushService();
  const { subscription, read } = browser(`${url}push/1`);
  const message = aMessage({ subscriptions: [subscription] });
  expect(await channel.deliver(message, { signal })).toEqual({ providerMessageId: "/message/1", gone: [] });
  const [{ headers, body }] = asked as [(typeof asked)[number]];
  expect(read(body)).toEqual({
    id: message.id,
    severity: "WARN",
    type: "order.late",
    title: "Order 7 is late",
    body: "It was due on Monday.",
    data: {},
  });
  expect(headers).toMatchObject({ ttl: "86400", urgency: "normal", topic: message.id.replaceAll("-", "") });

  const [, token, publicKey] = /^vapid t=([^,]+), k=(.+)$/.exec(String(headers.authorization))!;
  expect(publicKey).toBe(keys.publicKey);
  const [head, claims, signature] = token!.split(".") as [string, string, string];
  const point = Buffer.from(keys.publicKey, "base64url");
  const jwk = {
    kty: "EC",
    crv: "P-256",
    x: point.subarray(1, 33).toString("base64url"),
    y: point.subarray(33).toString("base64url"),
  };
  const key = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" } as const;
  expect(verify("sha256", Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url"))).toBe(true);
  expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toMatchObject({
    aud: new URL(url).origin,
    sub: "mailto:ops@example.org",
  });
});

describe("of several browsers", () => {
  it("one that accepts the message suffices; ended subscriptions are returned", async () => {
    const { url, channel } = await pushService((path) => ({ "/a": 201, "/b": 410, "/c": 404 })[path] ?? 500);
    const subscriptions = ["a", "b", "c"].map((name) => browser(url + name).subscription);
    expect(await channel.deliver(aMessage({ subscriptions }), { signal })).toMatchObject({
      gone: [`${url}b`, `${url}c`],
    });
  });

  it("when all have ended, the delivery fails for good", async () => {
    const { url, channel } = await pushService(() => 410);
    const { subscription } = browser(`${url}a`);
    const trouble = await providerErrorOf(() =>
      channel.deliver(aMessage({ subscriptions: [subscription] }), { signal }),
    );
    expect(trouble).toBeInstanceOf(AllSubscriptionsGone);
    expect(trouble).toMatchObject({ errorClass: "validation", gone: [`${url}a`] });
  });

  it("while one may still accept it, the delivery is retryable", async () => {
    const { url, channel } = await pushService((path) => (path === "/a" ? 410 : 503));
    const subscriptions = ["a", "b"].map((name) => browser(url + name).subscription);
    const trouble = await providerErrorOf(() => channel.deliver(aMessage({ subscriptions }), { signal }));
    expect(trouble.errorClass).toBe("transient");
  });
});

it("calls no host that is not a push service", async () => {
  const channel = webPushChannel({ vapid, hosts: ["*.push.example.org"], timeoutMs: 5_000 });
  for (const host of ["evil.example.org", "push.example.org.evil.test", "evilpush.example.org"]) {
    const { subscription } = browser(`https://${host}/1`);
    const trouble = await providerErrorOf(() =>
      channel.deliver(aMessage({ subscriptions: [subscription] }), { signal }),
    );
    expect(trouble.message).toContain("is not in WEB_PUSH_HOSTS");
  }
});

it("a long message is truncated to the limit of push services", () => {
  const payload = pushPayload(
    aMessage({ title: "ä".repeat(300), body: "😀".repeat(10_000), data: { x: "y".repeat(9_000) } }),
  );
  expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(3_072);
  expect(JSON.parse(payload)).toMatchObject({ title: "ä".repeat(300) });
});
