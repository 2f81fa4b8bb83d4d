import fc from "fast-check";
import { expect, test } from "vitest";
import { guardedLookup, isLoopbackHost, isPublicAddress } from "#providers/outbound/public-address.ts";

test.each([
  "0.0.0.0",
  "10.255.255.255",
  "100.64.0.1",
  "127.0.0.1",
  "168.63.129.16",
  "169.254.169.254",
  "172.31.255.255",
  "192.168.1.1",
  "198.19.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:8.8.8.8",
  "64:ff9b::a00:1",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b:1::808:808",
  "fc00::1",
  "fe80::1",
  "ff02::1",
  "2001:db8::1",
  "2002:a00:1::",
  "not an address",
])("%s is not public", (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each([
  "8.8.8.8",
  "64:ff9b::808:808",
  "172.32.0.1",
  "172.15.255.255",
  "168.63.129.17",
  "2606:4700::1111",
  "2a00:1450:4001::200e",
])("%s is public", (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

test("no address of a private network is public", () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const inside = fc.oneof(
    fc.tuple(octet, octet, octet).map(([a, b, c]) => `10.${a}.${b}.${c}`),
    fc.tuple(fc.integer({ min: 16, max: 31 }), octet, octet).map(([a, b, c]) => `172.${a}.${b}.${c}`),
    fc.tuple(octet, octet).map(([a, b]) => `192.168.${a}.${b}`),
    fc.tuple(octet, octet).map(([a, b]) => `169.254.${a}.${b}`),
    fc.ipV4().map((address) => `::ffff:${address}`),
  );
  fc.assert(fc.property(inside, (address) => !isPublicAddress(address)));
});

test("localhost, 127.0.0.0/8 and ::1 are loopback", () => {
  expect(["localhost", "127.0.0.1", "127.8.9.10", "[::1]"].every(isLoopbackHost)).toBe(true);
  expect(["localhost.example", "128.0.0.1", "[::2]", "127.0.0.1.example"].some(isLoopbackHost)).toBe(false);
});

test("a socket gets all addresses or those of one family, as requested", async () => {
  const lookup = guardedLookup(async () => [
    { address: "2606:4700::1111", family: 6 },
    { address: "1.1.1.1", family: 4 },
  ]);
  const ask = (options: { all?: boolean; family?: 4 | 6 | "IPv4" }) =>
    new Promise((resolve) => {
      lookup("acme.example", options, (error, address, family) => {
        resolve(error ?? [address, family]);
      });
    });
  expect(await ask({})).toEqual(["2606:4700::1111", 6]);
  expect(await ask({ family: 4 })).toEqual(["1.1.1.1", 4]);
  expect(await ask({ family: "IPv4", all: true })).toEqual([[{ address: "1.1.1.1", family: 4 }], undefined]);
});
