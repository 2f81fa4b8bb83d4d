import { isIP } from "node:net";
import { isLoopbackHost, isPublicAddress } from "./public-address.ts";
import { safeUrl } from "./redaction.ts";

/** Which URLs a provider's client may call. */
export interface HostList {
  readonly base: URL;
  /** Why this URL must not be called, or undefined when it may. */
  readonly objection: (target: URL) => string | undefined;
}

/** The base URL's host and the further ones; loopback only under a base URL that is on loopback itself. Throws TypeError for a bad base. */
export function hostList(provider: string, baseUrl: string, further: readonly string[]): HostList {
  const base = readBaseUrl(provider, baseUrl);
  const hosts = new Set([base.host, ...further]);
  const mayUseLoopback = isLoopbackHost(base.hostname);
  return { base, objection };

  function objection(target: URL): string | undefined {
    if (target.username || target.password) return "a URL may not carry a user or a password";
    if (!hosts.has(target.host)) return `${target.host} is not one of its hosts (${[...hosts].join(", ")})`;
    const isLoopback = isLoopbackHost(target.hostname);
    if (isLoopback && !mayUseLoopback) return "loopback is allowed only when the base URL is on loopback itself";
    if (target.protocol !== "https:" && !(isLoopback && target.protocol === "http:")) {
      return `expected https, got ${target.protocol.slice(0, -1)}`;
    }
    // A socket does not look up what already is an address, so the guard of lookups never sees it.
    const bare = target.hostname.replace(/^\[|\]$/g, "");
    return isIP(bare) && !isLoopback && !isPublicAddress(bare) ? `${bare} is not a public address` : undefined;
  }
}

function readBaseUrl(provider: string, baseUrl: string): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const isSecure = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopbackHost(url.hostname));
  if (!url || !isSecure || url.username || url.password) {
    const got = url ? safeUrl(url) : baseUrl;
    throw new TypeError(
      `the base URL of ${provider} must be https without user and password (http on loopback only), got "${got}"`,
    );
  }
  // Without it, a relative path would replace the last piece of the base.
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}
