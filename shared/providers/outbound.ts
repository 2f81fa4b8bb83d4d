import { channel } from "node:diagnostics_channel";
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest, STATUS_CODES } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { readBody } from "./outbound/body.ts";
import { failure, refusal, type Subject } from "./outbound/failure.ts";
import { hostList } from "./outbound/host-list.ts";
import { patience, type Wait } from "./outbound/patience.ts";
import { guardedLookup, type Resolve, resolveByDns } from "./outbound/public-address.ts";
import { safeUrl } from "./outbound/redaction.ts";
import { type Reply, replyOf } from "./outbound/reply.ts";
import { ProviderError } from "./provider-error.ts";

export interface OutboundOptions {
  /** Whose client this is; every error begins with it. */
  readonly provider: string;
  /** https; http is allowed on loopback only. A loopback base also is the only way to reach a loopback address. */
  readonly baseUrl: string;
  /** `host` or `host:port` of whatever else may be called or redirected to. The base URL's host always may. */
  readonly allowedHosts?: readonly string[];
  /** Sent to the base URL's host only. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Never shown in an error, wherever they stand (a key in the path, a token that the service echoes). */
  readonly secrets?: readonly string[];
  /** For the whole exchange, body included; time that the reader itself takes does not count. Default 30,000. */
  readonly timeoutMs?: number;
  /** For one sign of life: connection, headers, next piece of the body. Default 10,000. */
  readonly stallMs?: number;
  /** Of the body as sent and as unpacked. Default 16 MiB. */
  readonly maxBytes?: number;
  /** Default 5. */
  readonly maxRedirects?: number;
  readonly resolve?: Resolve;
  readonly now?: () => Date;
}

interface CallOptions {
  readonly method?: string;
  readonly body?: string | Uint8Array;
  /** Sent to the host that is called, not to another one that it redirects to. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Media type that is asked for. With `text/html` in it, web pages are data; otherwise they are an error. */
  readonly accept?: string;
  /** Statuses besides 2xx that are an answer to be read and no error: where a service says in the body what is wrong. */
  readonly answers?: (status: number) => boolean;
  /** Of this call alone, besides the client's: the number that is called, say. */
  readonly secrets?: readonly string[];
  /** Its reason is thrown as it is when it aborts, before or within the body. */
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  readonly stallMs?: number;
  readonly maxBytes?: number;
}

interface Message {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

export interface Outbound {
  /** `url` may be relative to the base URL. Rejects with a ProviderError for anything but a 2xx. */
  call(url: string | URL, options?: CallOptions): Promise<Reply>;
  get(url: string | URL, options?: Omit<CallOptions, "method" | "body">): Promise<Reply>;
  /** Closes idle connections. */
  close(): void;
}

/** A request to the outside whose headers have come, or that failed. */
export interface Exchange extends Pick<Subject, "provider" | "method" | "url"> {
  readonly ms: number;
  readonly status?: number;
  readonly error?: Error;
}

/** Told of each `Exchange`. */
export const exchanges = channel("rota.outbound");

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The one way to the outside. Calls only the hosts it was given, and only at public addresses, also after a redirect;
 * ends by itself when the other side hangs; bounds what it reads; turns every trouble into a ProviderError.
 */
export function outbound(options: OutboundOptions): Outbound {
  const { provider, secrets = [], maxRedirects = 5, now = () => new Date() } = options;
  const { base, objection } = hostList(provider, options.baseUrl, options.allowedHosts ?? []);
  const lookup = guardedLookup(options.resolve ?? resolveByDns);
  // Connections are reused: the address of each was checked when it was made, and a new one is checked again.
  const agents = { "http:": new HttpAgent({ keepAlive: true }), "https:": new HttpsAgent({ keepAlive: true }) };

  return {
    call,
    get: (url, callOptions = {}) => call(url, callOptions),
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };

  async function call(path: string | URL, callOptions: CallOptions = {}): Promise<Reply> {
    const { method = "GET", accept = "*/*", signal } = callOptions;
    const hidden = [...secrets, ...(callOptions.secrets ?? [])];
    const maxBytes = callOptions.maxBytes ?? options.maxBytes ?? 16 * 1024 * 1024;
    const wait = patience(
      callOptions.timeoutMs ?? options.timeoutMs ?? 30_000,
      callOptions.stallMs ?? options.stallMs ?? 10_000,
      signal,
    );
    const asked = new URL(path, base);
    let target = asked;
    for (let redirects = 0; ; redirects++) {
      const subject: Subject = { provider, method, url: safeUrl(target, hidden), secrets: hidden };
      const startedAt = performance.now();
      try {
        const why = objection(target);
        if (why !== undefined) throw notCalled(subject, why);
        const headers = {
          ...(target.host === base.host && options.headers),
          ...(target.host === asked.host && callOptions.headers),
          accept,
        };
        const response = await send(target, { method, headers, body: callOptions.body }, wait);
        const status = response.statusCode ?? 0;
        const isSuccess = (status >= 200 && status < 300) || callOptions.answers?.(status) === true;
        const next = redirectTarget(response, target, method);
        if (!isSuccess && next === undefined) throw await refused(response, subject, wait);
        tell(subject, startedAt, { status });
        if (next === undefined) return replyOf(response, subject, { wait, maxBytes, accept, signal });
        response.destroy();
        if (redirects === maxRedirects) throw tooManyRedirects(subject, maxRedirects);
        target = next;
      } catch (error) {
        signal?.throwIfAborted();
        const failed = failure(subject, error);
        tell(subject, startedAt, { error: failed });
        throw failed;
      }
    }
  }

  async function send(
    target: URL,
    message: Message,
    wait: Wait,
    canRepeat = message.method === "GET",
  ): Promise<IncomingMessage> {
    const isHttps = target.protocol === "https:";
    const request = (isHttps ? httpsRequest : httpRequest)(target, {
      method: message.method,
      agent: isHttps ? agents["https:"] : agents["http:"],
      lookup,
      headers: { "user-agent": "Rota", "accept-encoding": "gzip", ...message.headers },
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.on("response", resolve);
      // Stays attached: a request that is destroyed after its answer reports that here too.
      request.on("error", reject);
    });
    request.end(message.body);
    try {
      return await wait(() => answered);
    } catch (error) {
      request.destroy();
      // The service may close an idle connection in the very instant in which we reuse it: nothing was asked yet.
      const wasClosedWhileIdle = request.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET";
      if (wasClosedWhileIdle && canRepeat) return send(target, message, wait, false);
      throw error;
    }
  }

  async function refused(response: IncomingMessage, subject: Subject, wait: Wait): Promise<ProviderError> {
    const status = response.statusCode ?? 0;
    const beginning = await beginningOf(readBody(response, wait, 1024 * 1024));
    const statusText = response.statusMessage || (STATUS_CODES[status] ?? "");
    return refusal(subject, { status, statusText, headers: response.headers, beginning, now: now() });
  }
}

function redirectTarget(response: IncomingMessage, from: URL, method: string): URL | undefined {
  const { location } = response.headers;
  const follows = REDIRECTS.has(response.statusCode ?? 0) && method === "GET" && location !== undefined;
  return follows && URL.canParse(location, from.href) ? new URL(location, from) : undefined;
}

function notCalled(subject: Subject, why: string): ProviderError {
  const sentence = `${subject.provider} was not called: ${why} (${subject.url})`;
  return new ProviderError(sentence, { ...subject, errorClass: "validation" });
}

function tooManyRedirects(subject: Subject, most: number): ProviderError {
  const sentence = `${subject.provider} redirected more than ${most} times, last from ${subject.url}`;
  return new ProviderError(sentence, { ...subject, errorClass: "validation" });
}

/** Enough of an error's body to quote; a body that fails is no reason to lose the status. */
async function beginningOf(body: AsyncIterable<Buffer>): Promise<string> {
  let text = "";
  try {
    for await (const chunk of body) {
      text += chunk.toString("utf8");
      if (text.length >= 2048) break;
    }
  } catch {
    // What was read until here is what there is to quote.
  }
  return text.slice(0, 2048);
}

function tell(
  { provider, method, url }: Subject,
  startedAt: number,
  outcome: { status: number } | { error: Error },
): void {
  if (exchanges.hasSubscribers)
    exchanges.publish({ provider, method, url, ms: performance.now() - startedAt, ...outcome } satisfies Exchange);
}
