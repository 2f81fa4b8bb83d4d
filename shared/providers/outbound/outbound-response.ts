import type { IncomingMessage } from "node:http";
import { ProviderError } from "../provider-error.ts";
import type { WithinDeadline } from "./deadline.ts";
import { type RequestFacts, toProviderError } from "./request-error.ts";
import { collect, readBody } from "./response-body.ts";
import { isWebPage } from "./web-page.ts";

/** A successful response. Read its body once, by `body`, `bytes` or `text`, or `discard` it. */
export interface OutboundResponse {
  readonly status: number;
  /** The URL that answered, after redirects, safe to show. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  /** The chunks as they arrive; errors are ProviderErrors. Leaving the loop early closes the connection. */
  readonly body: AsyncIterable<Buffer>;
  bytes(): Promise<Buffer>;
  text(): Promise<string>;
  discard(): void;
}

export interface ResponsePolicy {
  readonly withinDeadline: WithinDeadline;
  readonly maxBytes: number;
  readonly accept: string;
  readonly signal: AbortSignal | undefined;
}

export function outboundResponse(
  message: IncomingMessage,
  request: RequestFacts,
  policy: ResponsePolicy,
): OutboundResponse {
  const body = checkedBody(message, request, policy);
  return {
    status: message.statusCode ?? 0,
    url: request.url,
    headers: message.headers,
    body,
    bytes: () => collect(body),
    text: async () => (await collect(body)).toString("utf8"),
    discard: () => void message.destroy(),
  };
}

async function* checkedBody(
  message: IncomingMessage,
  request: RequestFacts,
  { withinDeadline, maxBytes, accept, signal }: ResponsePolicy,
): AsyncGenerator<Buffer> {
  let mayBeWebPage = !accept.includes("text/html");
  try {
    for await (const chunk of readBody(message, withinDeadline, maxBytes)) {
      if (mayBeWebPage && isWebPage(message.headers["content-type"], chunk.toString("utf8", 0, 256))) {
        const sentence = `${request.provider} answered with a web page where ${accept} was expected: ${request.method} ${request.url}`;
        throw new ProviderError(sentence, { ...request, errorClass: "transient", status: message.statusCode });
      }
      mayBeWebPage = false;
      yield chunk;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw toProviderError(request, error);
  }
}
