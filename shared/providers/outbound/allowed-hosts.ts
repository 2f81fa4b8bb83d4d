import { isIP } from "node:net";
import { isLoopbackHost, isPublicAddress } from "./public-address.ts";
import { safeUrl } from "./safe-url.ts";

/** The URLs that the client of a provider may call. */
export interface AllowedHosts {
  readonly base: URL;
  /** Why this URL must not be called; undefined when it may. */
  readonly whyForbidden: (target: URL) => string | undefined;
}

/**
 * Allows the host of the base URL and the further hosts. Loopback is allowed only when the base URL is on loopback.
 * @throws TypeError for an invalid base URL
 */
export function allowedHosts(provider: string, baseUrl: string, further: readonly string[]): AllowedHosts {
  const base = readBaseUrl(provider, baseUrl);
  const hosts = new Set([base.host, ...further]);
  const mayUseLoopback = isLoopbackHost(base.hostname);
  return { base, whyForbidden };

  function whyForbidden(target: URL): string | undefined {
    if (target.username || target.password) return "a URL may not carry a user or a password";
    if (!hosts.has(target.host)) return `${target.host} is not one of its hosts (${[...hosts].join(", ")})`;
    const isLoopback = isLoopbackHost(target.hostname);
    if (isLoopback && !mayUseLoopback) return "loopback is allowed only when the base URL is on loopback itself";
    if (target.protocol !== "https:" && !(isLoopback && target.protocol === "http:")) {
      return `expected https, got ${target.protocol.slice(0, -1)}`;
    }
    // A socket does not look up an IP address, so `guardedLookup` does not check it.
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
  // Without the slash, a relative path would replace the last segment of the base.
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}
