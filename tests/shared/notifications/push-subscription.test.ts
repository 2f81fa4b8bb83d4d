import { expect, it } from "vitest";
import { endpointFault, pushSubscriptionSchema } from "#notifications/push-subscription.ts";

const HOSTS = ["fcm.googleapis.com", "*.push.apple.com", "127.0.0.1:9001"];

it.each([
  "https://fcm.googleapis.com/fcm/send/abc",
  "https://web.push.apple.com/abc",
  "http://127.0.0.1:9001/for-a-test",
])("%s is called", (endpoint) => {
  expect(endpointFault(endpoint, HOSTS)).toBeUndefined();
});

it.each([
  ["https://push.apple.com/abc", "push.apple.com is not in WEB_PUSH_HOSTS"],
  ["https://evil.example/fcm.googleapis.com", "evil.example is not in WEB_PUSH_HOSTS"],
  ["https://fcm.googleapis.com:444/abc", "fcm.googleapis.com:444 is not in WEB_PUSH_HOSTS"],
  ["https://fcm.googleapis.com@evil.example/", "evil.example is not in WEB_PUSH_HOSTS"],
  ["http://fcm.googleapis.com/abc", "expected an address that begins with https://, got http://"],
  ["file:///etc/passwd", " is not in WEB_PUSH_HOSTS"],
])("%s is not: %s", (endpoint, fault) => {
  expect(endpointFault(endpoint, HOSTS)).toBe(fault);
});

const keys = {
  p256dh: Buffer.concat([Buffer.of(4), Buffer.alloc(64, 7)]).toString("base64url"),
  auth: Buffer.alloc(16, 7).toString("base64url"),
};
const subscription = { endpoint: "https://fcm.googleapis.com/abc", expirationTime: null, keys };

it("a subscription of a browser is accepted", () => {
  expect(pushSubscriptionSchema.parse(subscription)).toEqual(subscription);
});

it.each([
  ["endpoint", { endpoint: "not an address" }],
  ["keys.p256dh", { keys: { ...keys, p256dh: Buffer.alloc(65).toString("base64url") } }],
  ["keys.auth", { keys: { ...keys, auth: "c2hvcnQ" } }],
  ["keys.auth", { keys: { ...keys, auth: `${keys.auth.slice(0, -1)}+` } }],
])("a fault of %s is named", (field, given) => {
  const { error } = pushSubscriptionSchema.safeParse({ ...subscription, ...given });
  expect(error?.issues.map(({ path }) => path.join("."))).toEqual([field]);
});
