import type { IncomingMessage } from "node:http";
import type { CallOutcome, StartedCall } from "#jobs/call-policy.ts";
import type { OutboundResponse } from "#jobs/outbound-client.ts";
import { ProviderError } from "../provider-error.ts";
import type { WithinDeadline } from "./deadline.ts";
import { type RequestFacts, toProviderError } from "./request-error.ts";
import { collect, readBody } from "./response-body.ts";
import { retryAfterMs } from "./retry-after.ts";
import { isWebPage } from "./web-page.ts";

export interface ResponsePolicy {
  readonly withinDeadline: WithinDeadline;
  readonly maxBytes: number;
  readonly accept: string;
  readonly signal: AbortSignal | undefined;
  /** Records the end of the call: that of its body. */
  readonly started: StartedCall | undefined;
  readonly now: () => Date;
}

export function outboundResponse(
  message: IncomingMessage,
  request: RequestFacts,
  policy: ResponsePolicy,
): OutboundResponse {
  const body = checkedBody(message, request, policy);
  const ended = outcomeOf(message, policy);
  return {
    status: message.statusCode ?? 0,
    url: request.url,
    headers: message.headers,
    body,
    bytes: () => collect(body),
    text: async () => (await collect(body)).toString("utf8"),
    discard: () => {
      message.destroy();
      void policy.started?.ended(ended);
    },
  };
}

async function* checkedBody(
  message: IncomingMessage,
  request: RequestFacts,
  policy: ResponsePolicy,
): AsyncGenerator<Buffer> {
  const { withinDeadline, maxBytes, accept, signal, started } = policy;
  const status = message.statusCode;
  let mayBeWebPage = !accept.includes("text/html");
  try {
    for await (const chunk of readBody(message, withinDeadline, maxBytes)) {
      if (mayBeWebPage && isWebPage(message.headers["content-type"], chunk.toString("utf8", 0, 256))) {
        const sentence = `${request.provider} answered with a web page where ${accept} was expected: ${request.method} ${request.url}`;
        throw new ProviderError(sentence, { ...request, errorClass: "transient", status });
      }
      mayBeWebPage = false;
      yield chunk;
    }
  } catch (error) {
    if (signal?.aborted) await started?.ended({});
    signal?.throwIfAborted();
    const providerError = toProviderError(request, error);
    providerError.providerWait = await started?.ended({ status, error: providerError });
    throw providerError;
  } finally {
    // Also for a reader that leaves the loop early.
    await started?.ended(outcomeOf(message, policy));
  }
}

function outcomeOf({ statusCode: status, headers }: IncomingMessage, { now }: ResponsePolicy): CallOutcome {
  return { status, ...(status !== undefined && status >= 400 && { retryAfterMs: retryAfterMs(headers, now()) }) };
}
