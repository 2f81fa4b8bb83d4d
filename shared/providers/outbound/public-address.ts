import { lookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import type { Resolve } from "#jobs/outbound-client.ts";

export const resolveByDns: Resolve = (hostname) => lookup(hostname, { all: true, verbatim: true });

/** A name resolves to an internal address: this machine, its network, or the metadata service of its cloud. */
export class AddressRefused extends Error {
  override readonly name = "AddressRefused";
}

export function isLoopbackHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, "");
  return bare === "localhost" || isLoopbackAddress(bare);
}

/**
 * Whether this address is on the public internet: no special-purpose, multicast or reserved address. Unknown ranges
 * count as not public.
 */
export function isPublicAddress(address: string): boolean {
  // ipaddr.js also parses other notations such as 0x7f.1, which a socket would look up.
  if (isIP(address) === 0 || address === AZURE_PLATFORM) return false;
  const parsed = ipaddr.parse(address);
  // A gateway connects to the IPv4 address in the last 32 bits.
  if (parsed instanceof ipaddr.IPv6 && parsed.match(NAT64))
    return isPublicAddress(parsed.toByteArray().slice(12).join("."));
  if (parsed.range() !== "unicast") return false;
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST_IPV6);
}

const NAT64 = ipaddr.IPv6.parseCIDR("64:ff9b::/96");
/** The address of Azure's platform on every virtual machine, in a public range. */
const AZURE_PLATFORM = "168.63.129.16";
/**
 * ipaddr.js calls unassigned IPv6 addresses unicast too; IANA assigns global unicast addresses only from this range.
 */
const GLOBAL_UNICAST_IPV6 = ipaddr.IPv6.parseCIDR("2000::/3");

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
  return isIP(address) !== 0 && ipaddr.parse(address).range() === "loopback";
}
