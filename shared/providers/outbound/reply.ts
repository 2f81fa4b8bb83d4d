import type { IncomingMessage } from "node:http";
import { ProviderError } from "../provider-error.ts";
import { collect, readBody } from "./body.ts";
import { failure, type Subject } from "./failure.ts";
import type { Wait } from "./patience.ts";
import { isWebPage } from "./web-page.ts";

/** A successful answer. Its body is read once, in one of the three ways; an unread one must be `discard`ed. */
export interface Reply {
  readonly status: number;
  /** Where it came from, after redirects, safe to show. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  /** As it arrives; what it throws is a ProviderError too. Leaving the loop early closes the connection. */
  readonly body: AsyncIterable<Buffer>;
  bytes(): Promise<Buffer>;
  text(): Promise<string>;
  discard(): void;
}

export interface ReplyPolicy {
  readonly wait: Wait;
  readonly maxBytes: number;
  readonly accept: string;
  readonly signal: AbortSignal | undefined;
}

export function replyOf(response: IncomingMessage, subject: Subject, policy: ReplyPolicy): Reply {
  const body = checkedBody(response, subject, policy);
  return {
    status: response.statusCode ?? 0,
    url: subject.url,
    headers: response.headers,
    body,
    bytes: () => collect(body),
    text: async () => (await collect(body)).toString("utf8"),
    discard: () => void response.destroy(),
  };
}

async function* checkedBody(
  response: IncomingMessage,
  subject: Subject,
  { wait, maxBytes, accept, signal }: ReplyPolicy,
): AsyncGenerator<Buffer> {
  let isUnseen = !accept.includes("text/html");
  try {
    for await (const chunk of readBody(response, wait, maxBytes)) {
      if (isUnseen && isWebPage(response.headers["content-type"], chunk.toString("utf8", 0, 256))) {
        const sentence = `${subject.provider} answered with a web page where ${accept} was expected: ${subject.method} ${subject.url}`;
        throw new ProviderError(sentence, { ...subject, errorClass: "transient", status: response.statusCode });
      }
      isUnseen = false;
      yield chunk;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw failure(subject, error);
  }
}
