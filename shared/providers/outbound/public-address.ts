import { lookup } from "node:dns/promises";
import { BlockList, isIP, type LookupFunction } from "node:net";

interface Address {
  readonly address: string;
  readonly family: number;
}

/** Resolves a host name to all of its addresses. Only tests replace it. */
export type Resolve = (hostname: string) => Promise<readonly Address[]>;

export const resolveByDns: Resolve = (hostname) => lookup(hostname, { all: true, verbatim: true });

/** A name resolves to an internal address: this machine, its network, or the metadata service of its cloud. */
export class AddressRefused extends Error {
  override readonly name = "AddressRefused";
}

export function isLoopbackHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, "");
  return bare === "localhost" || isLoopbackAddress(bare);
}

/** Whether this address is on the public internet. Unknown ranges count as not public. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !SPECIAL_IPV4.check(address, "ipv4");
    case 6:
      return GLOBAL_IPV6.check(address, "ipv6") && !SPECIAL_IPV6.check(address, "ipv6");
    default:
      return false;
  }
}

/**
 * A `lookup` function for sockets that refuses internal addresses. The socket connects to the very address that was
 * checked, which prevents DNS rebinding. One forbidden address among several refuses the name.
 */
export function guardedLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (found) => {
        const isAllowed = isLoopbackHost(hostname) ? isLoopbackAddress : isPublicAddress;
        const forbidden = found.find(({ address }) => !isAllowed(address));
        if (forbidden) {
          callback(
            new AddressRefused(`${hostname} resolves to ${forbidden.address}, which is not a public address`),
            "",
          );
          return;
        }
        const family = familyOf(options.family);
        const usable = found.filter((address) => family === 0 || address.family === family);
        const [first] = usable;
        if (!first) callback(Object.assign(new Error(`${hostname} has no address`), { code: "ENOTFOUND" }), "");
        else if (options.all) callback(null, [...usable]);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => {
        callback(error as NodeJS.ErrnoException, "");
      },
    );
  };
}

function familyOf(family: number | "IPv4" | "IPv6" | undefined): number {
  return family === "IPv4" ? 4 : family === "IPv6" ? 6 : (family ?? 0);
}

function isLoopbackAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && LOOPBACK.check(address, family === 4 ? "ipv4" : "ipv6");
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/**
 * IANA special-purpose registry, multicast and reserved space, and 168.63.129.16, the address of Azure's platform on every
 * virtual machine.
 */
const SPECIAL_IPV4 = new BlockList();
SPECIAL_IPV4.addAddress("168.63.129.16", "ipv4");
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  SPECIAL_IPV4.addSubnet(network, prefix, "ipv4");
}

/** Only 2000::/3 is global unicast; loopback, link-local, private, mapped IPv4 and NAT64 addresses are outside of it. */
const GLOBAL_IPV6 = new BlockList();
GLOBAL_IPV6.addSubnet("2000::", 3, "ipv6");
const SPECIAL_IPV6 = new BlockList();
for (const [network, prefix] of [
  ["2001::", 23], // protocol assignments, Teredo
  ["2001:db8::", 32],
  ["2002::", 16], // 6to4 contains any IPv4 address
  ["3fff::", 20],
] as const) {
  SPECIAL_IPV6.addSubnet(network, prefix, "ipv6");
}
