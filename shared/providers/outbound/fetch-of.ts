import type { IncomingHttpHeaders } from "node:http";
import type { Outbound } from "#jobs/outbound-client.ts";

/** Statuses whose response has no body (Fetch standard). */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * A `fetch` whose requests go through a client of ours: for official SDK clients that accept one. A response with any
 * status is a Response, as with `fetch`.
 * @throws ProviderError instead of fetch's TypeError when there is no response
 */
export function fetchOf(client: Pick<Outbound, "call">): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const body = request.body ? Buffer.from(await request.arrayBuffer()) : undefined;
    const { accept = "*/*", ...headers } = Object.fromEntries(request.headers);
    // A Request has a signal of its own also where the caller gave none.
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const response = await client.call(request.url, {
      method: request.method,
      headers,
      // A web page as the body of an error is for the SDK to judge.
      accept: accept.includes("text/html") ? accept : `${accept}, text/html;q=0.1`,
      answers: () => true,
      ...(body && { body }),
      ...(signal && { signal }),
    });
    const { status } = response;
    if (WITHOUT_BODY.has(status)) response.discard();
    const stream = WITHOUT_BODY.has(status) ? null : ReadableStream.from(response.body);
    return new Response(stream, { status, headers: headersOf(response.headers) });
  };
}

/** Without those that describe the body as sent: it arrives unpacked. */
function headersOf(incoming: IncomingHttpHeaders): Headers {
  const {
    "content-encoding": _encoding,
    "content-length": _length,
    "transfer-encoding": _transfer,
    ...rest
  } = incoming;
  const headers = new Headers();
  for (const [name, value] of Object.entries(rest)) {
    for (const one of [value ?? []].flat()) headers.append(name, one);
  }
  return headers;
}
