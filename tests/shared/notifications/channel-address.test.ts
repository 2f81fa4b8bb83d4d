import { expect, it } from "vitest";
import { addressFault, maskAddress } from "#notifications/channel-address.ts";

it.each([
  ["email", "ann@example.org"],
  ["sms", "+15005550006"],
  ["voice", "+4930123456"],
  ["chatbot", "4711"],
  ["chatbot", "-1001234567890"],
  ["chatbot", "@rota_alerts"],
] as const)("%s takes %s", (channel, address) => {
  expect(addressFault(channel, address)).toBeUndefined();
});

it.each([
  ["email", "Ann <ann@example.org>"],
  ["email", "ann@example.org, bob@example.org"],
  ["email", "ann"],
  ["sms", "015005550006"],
  ["sms", "+1 500 555 0006"],
  ["voice", "+1"],
  ["chatbot", "4711; drop"],
  ["chatbot", ""],
] as const)("%s does not take %j", (channel, address) => {
  expect(addressFault(channel, address)).toMatch(/^expected /);
});

it("masked addresses remain distinguishable and cannot be used", () => {
  expect(["ann@example.org", "+15005550006", "@rota_alerts", "42"].map(maskAddress)).toEqual([
    ...["a…@example.org", "…006", "…rts", "…42"],
  ]);
});
