import type { IncomingHttpHeaders } from "node:http";
import type { CallPolicy } from "./call-policy.ts";

export interface OutboundOptions {
  /** Name of the provider; every error begins with it. */
  readonly provider: string;
  /** Name of its limits and its circuit breaker. Default: the name of the provider. */
  readonly limitedAs?: string;
  /** https; http is allowed on loopback only. Only a client with a loopback base URL can reach loopback addresses. */
  readonly baseUrl: string;
  /** Further hosts (`host` or `host:port`) for calls and redirects, besides the host of the base URL. */
  readonly allowedHosts?: readonly string[];
  /** Sent to the base URL's host only. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Never shown in an error: a key in the path, a token that the service echoes. */
  readonly secrets?: readonly string[];
  /** Milliseconds for the whole request, body included, without the time that the reader takes. Default 30,000. */
  readonly timeoutMs?: number;
  /** Milliseconds for one step: connection and headers, or the next chunk of the body. Default 10,000. */
  readonly stallMs?: number;
  /** Maximum of the body, as sent and as unpacked. Default 16 MiB. */
  readonly maxBytes?: number;
  /** Maximum of redirects that a GET follows. Default 5. */
  readonly maxRedirects?: number;
  readonly resolve?: Resolve;
  readonly now?: () => Date;
  /** Decides when a call may start and records how it ended. Default: every call starts at once. */
  readonly policy?: CallPolicy | undefined;
}

export interface CallOptions {
  readonly method?: string;
  readonly body?: string | Uint8Array;
  /** Sent to the called host, not to another host that it redirects to. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Accepted media type. A web page is an error unless it contains `text/html`. Default any type. */
  readonly accept?: string;
  /** Statuses besides 2xx that are responses to read, for a service that explains an error in the body. */
  readonly answers?: (status: number) => boolean;
  /** Secrets of this call besides those of the client, such as the called number. */
  readonly secrets?: readonly string[];
  /** When it aborts, the call or the body throws its reason unchanged. */
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  readonly stallMs?: number;
  readonly maxBytes?: number;
}

/** A client for one provider. */
export interface Outbound {
  /**
   * `url` may be relative to the base URL.
   * @throws ProviderError for every response that is not 2xx and every failure
   */
  call(url: string | URL, options?: CallOptions): Promise<OutboundResponse>;
  get(url: string | URL, options?: Omit<CallOptions, "method" | "body">): Promise<OutboundResponse>;
  /** Closes idle connections. */
  close(): void;
}

/** A successful response. Read its body once, by `body`, `bytes` or `text`, or `discard` it. */
export interface OutboundResponse {
  readonly status: number;
  /** The URL that answered, after redirects, safe to show. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The chunks as they arrive; errors are ProviderErrors. Leaving the loop early closes the connection. */
  readonly body: AsyncIterable<Buffer>;
  bytes(): Promise<Buffer>;
  text(): Promise<string>;
  discard(): void;
}

/** Resolves a host name to all of its addresses. Only tests replace it. */
export type Resolve = (hostname: string) => Promise<readonly Address[]>;

interface Address {
  readonly address: string;
  readonly family: number;
}
