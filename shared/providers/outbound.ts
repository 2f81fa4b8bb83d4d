import { channel } from "node:diagnostics_channel";
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest, STATUS_CODES } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { startTiming, type Timing } from "#diagnostics/start-timing.ts";
import type { PlannedCall } from "#jobs/call-policy.ts";
import type { CallOptions, Outbound, OutboundOptions, OutboundResponse } from "#jobs/outbound-client.ts";
import { allowedHosts } from "./outbound/allowed-hosts.ts";
import { deadline, type WithinDeadline } from "./outbound/deadline.ts";
import { outboundResponse } from "./outbound/outbound-response.ts";
import { guardedLookup, resolveByDns } from "./outbound/public-address.ts";
import { httpError, type RequestFacts, toProviderError } from "./outbound/request-error.ts";
import { readBody } from "./outbound/response-body.ts";
import { safeUrl } from "./outbound/safe-url.ts";
import { ProviderError } from "./provider-error.ts";

export type { Outbound, OutboundOptions } from "#jobs/outbound-client.ts";

interface RequestMessage {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

/** A request to a provider that got response headers or failed. */
export interface OutboundRequest extends Pick<RequestFacts, "provider" | "method" | "url">, Timing {
  readonly status?: number;
  readonly error?: Error;
}

/** Diagnostics channel: publishes one `OutboundRequest` for each request, redirects included. */
export const outboundRequests = channel("rota.outbound");

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The only HTTP client for providers. It calls only allowed hosts at public addresses, also after a redirect; it ends
 * every request by a deadline, limits the size of bodies, and turns every failure into a ProviderError.
 * @throws TypeError for a base URL that is not https (or http on loopback)
 */
export function outbound(options: OutboundOptions): Outbound {
  const { provider, secrets = [], maxRedirects = 5, now = () => new Date() } = options;
  const { base, whyForbidden } = allowedHosts(provider, options.baseUrl, options.allowedHosts ?? []);
  const lookup = guardedLookup(options.resolve ?? resolveByDns);
  // Connections are reused: the lookup checks the address of each new connection.
  const agents = { "http:": new HttpAgent({ keepAlive: true }), "https:": new HttpsAgent({ keepAlive: true }) };

  return {
    call,
    get: (url, callOptions = {}) => call(url, callOptions),
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };

  async function call(path: string | URL, callOptions: CallOptions = {}): Promise<OutboundResponse> {
    const { method = "GET", accept = "*/*", signal } = callOptions;
    const hidden = [...secrets, ...(callOptions.secrets ?? [])];
    const maxBytes = callOptions.maxBytes ?? options.maxBytes ?? 16 * 1024 * 1024;
    const withinDeadline = deadline(
      callOptions.timeoutMs ?? options.timeoutMs ?? 30_000,
      callOptions.stallMs ?? options.stallMs ?? 10_000,
      signal,
    );
    const requested = new URL(path, base);
    const isForbidden = whyForbidden(requested) !== undefined;
    const planned: PlannedCall = { provider: options.limitedAs ?? provider, path: requested.pathname, signal };
    const started = isForbidden ? undefined : await options.policy?.begin(planned);
    let target = requested;
    for (let redirects = 0; ; redirects++) {
      signal?.throwIfAborted();
      const request: RequestFacts = { provider, method, url: safeUrl(target, hidden), secrets: hidden };
      const publish = startTiming<OutboundRequest>(outboundRequests, { provider, method, url: request.url });
      try {
        const reason = whyForbidden(target);
        if (reason !== undefined) throw notCalled(request, reason);
        const headers = {
          ...(target.host === base.host && options.headers),
          ...(target.host === requested.host && callOptions.headers),
          accept,
        };
        const message = await send(target, { method, headers, body: callOptions.body }, withinDeadline);
        const status = message.statusCode ?? 0;
        const isSuccess = (status >= 200 && status < 300) || callOptions.answers?.(status) === true;
        const next = redirectTarget(message, target, method);
        if (!isSuccess && next === undefined) throw await httpErrorOf(message, request, withinDeadline);
        publish({ status });
        if (next === undefined) {
          return outboundResponse(message, request, { withinDeadline, maxBytes, accept, signal, started, now });
        }
        message.destroy();
        if (redirects === maxRedirects) throw tooManyRedirects(request, maxRedirects);
        target = next;
      } catch (error) {
        if (signal?.aborted) await started?.ended({});
        signal?.throwIfAborted();
        const providerError = toProviderError(request, error);
        publish({ error: providerError });
        const { status, retryAfterMs } = providerError;
        providerError.providerWait = await started?.ended({ status, retryAfterMs, error: providerError });
        throw providerError;
      }
    }
  }

  async function send(
    target: URL,
    message: RequestMessage,
    withinDeadline: WithinDeadline,
    canRepeat = message.method === "GET",
  ): Promise<IncomingMessage> {
    const isHttps = target.protocol === "https:";
    const request = (isHttps ? httpsRequest : httpRequest)(target, {
      method: message.method,
      agent: isHttps ? agents["https:"] : agents["http:"],
      lookup,
      headers: { "user-agent": "Rota", "accept-encoding": "gzip", ...message.headers },
    });
    const responded = new Promise<IncomingMessage>((resolve, reject) => {
      request.on("response", resolve);
      // Stays attached: a request that is destroyed after its response emits its error here too.
      request.on("error", reject);
    });
    // A signal that has aborted by now ends the wait below before it begins.
    responded.catch(() => undefined);
    request.end(message.body);
    try {
      return await withinDeadline(() => responded);
    } catch (error) {
      request.destroy();
      // The service may close an idle connection at the moment we reuse it: it has not read the request then.
      const wasClosedWhileIdle = request.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET";
      if (wasClosedWhileIdle && canRepeat) return send(target, message, withinDeadline, false);
      throw error;
    }
  }

  async function httpErrorOf(
    message: IncomingMessage,
    request: RequestFacts,
    withinDeadline: WithinDeadline,
  ): Promise<ProviderError> {
    const status = message.statusCode ?? 0;
    const beginning = await beginningOf(readBody(message, withinDeadline, 1024 * 1024));
    const statusText = message.statusMessage || (STATUS_CODES[status] ?? "");
    return httpError(request, { status, statusText, headers: message.headers, beginning, now: now() });
  }
}

function redirectTarget(message: IncomingMessage, from: URL, method: string): URL | undefined {
  const { location } = message.headers;
  const isRedirect = REDIRECTS.has(message.statusCode ?? 0) && method === "GET" && location !== undefined;
  return isRedirect && URL.canParse(location, from.href) ? new URL(location, from) : undefined;
}

function notCalled(request: RequestFacts, reason: string): ProviderError {
  const sentence = `${request.provider} was not called: ${reason} (${request.url})`;
  return new ProviderError(sentence, { ...request, errorClass: "validation" });
}

function tooManyRedirects(request: RequestFacts, most: number): ProviderError {
  const sentence = `${request.provider} redirected more than ${most} times, last from ${request.url}`;
  return new ProviderError(sentence, { ...request, errorClass: "validation" });
}

/** The first part of an error's body, to quote it. A body that cannot be read must not hide the status. */
async function beginningOf(body: AsyncIterable<Buffer>): Promise<string> {
  let text = "";
  try {
    for await (const chunk of body) {
      text += chunk.toString("utf8");
      if (text.length >= 2048) break;
    }
  } catch {
    // The part that was read is quoted.
  }
  return text.slice(0, 2048);
}
