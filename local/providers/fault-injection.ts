import type { ServerResponse } from "node:http";

/**
 * A fault that a test or a user injects into a fake server:
 * `500`, `503`, `404`, `401`, `403`: that status. `429`: with `Retry-After` (`retryAfter`, default 7 s).
 * `html`: a challenge page with status 200. `truncated`: the connection ends within the body. `cut-short`: a complete
 * answer whose content ends within a line or tag. `hang`: accepts and never answers. `stall`: sends half of the body
 * and stops.
 * `redirect`: to `location`. `empty`: 200 without a body. The other kinds are content faults of a single provider.
 */
export interface Fault<Kind extends string = never> {
  readonly kind: CommonFault | Kind;
  /** The number of requests with this fault. Default: all until `recover()`. */
  readonly times?: number;
  readonly retryAfter?: string;
  readonly location?: string;
  /** Only requests whose path and query contain this text, such as a symbol. */
  readonly only?: string;
}

export const COMMON_FAULTS = [
  ...(["401", "403", "404", "429", "500", "503"] as const),
  ...(["html", "truncated", "cut-short", "hang", "stall", "redirect", "empty"] as const),
] as const;

type CommonFault = (typeof COMMON_FAULTS)[number];

/** Faults with which a provider does what is requested, although its answer is lost. */
const LOSES_THE_ANSWER: ReadonlySet<string> = new Set(["truncated", "stall", "cut-short", "empty", "hang"]);

/** Whether a provider that delivers does so with this fault, or without one. */
export function isAccepted(fault: Fault<string> | undefined): boolean {
  return (
    fault === undefined ||
    LOSES_THE_ANSWER.has(fault.kind) ||
    !(COMMON_FAULTS as readonly string[]).includes(fault.kind)
  );
}

/** The injected faults of one fake server. */
export function faultQueue<Kind extends string>() {
  const active: { fault: Fault<Kind>; left: number }[] = [];
  return {
    fail(fault: Fault<Kind>): void {
      active.push({ fault, left: fault.times ?? Infinity });
    },
    recover(): void {
      active.length = 0;
    },
    /** The faults that are still active. */
    pending(): readonly Fault<Kind>[] {
      return active.map(({ fault, left }) => (Number.isFinite(left) ? { ...fault, times: left } : fault));
    },
    /** The fault for a request with this path and query, if any. Faults apply in the order of their injection. */
    next(address: string): Fault<Kind> | undefined {
      const matched = active.find(({ fault: { only } }) => only === undefined || address.includes(only));
      if (matched && --matched.left <= 0) active.splice(active.indexOf(matched), 1);
      return matched?.fault;
    },
  };
}

export interface Answer {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Writes the answer with the fault applied. `errorBody` makes an error body in the provider's format. */
export function respond(
  response: ServerResponse,
  answer: Answer,
  fault: Fault<string> | undefined,
  errorBody: (status: number) => Answer,
): void {
  const body = Buffer.from(answer.body as Buffer);
  const half = body.subarray(0, Math.max(1, Math.floor(body.length / 2)));
  switch (fault?.kind) {
    case "hang":
      return;
    case "stall":
      response.writeHead(200, { "content-type": answer.type, "content-length": body.length });
      response.write(half);
      return;
    case "truncated":
      response.writeHead(200, { "content-type": answer.type, "content-length": body.length });
      response.write(half, () => response.destroy());
      return;
    case "cut-short":
      send(response, { ...answer, body: half });
      return;
    case "empty":
      send(response, { ...answer, body: "" });
      return;
    case "html":
      send(response, { type: "text/html; charset=utf-8", body: CHALLENGE });
      return;
    case "redirect":
      send(response, { status: 302, type: "text/plain", body: "", headers: { location: fault.location ?? "/" } });
      return;
    case "429":
      send(response, { ...errorBody(429), status: 429, headers: { "retry-after": fault.retryAfter ?? "7" } });
      return;
    case "401":
    case "403":
    case "404":
    case "500":
    case "503":
      send(response, { ...errorBody(Number(fault.kind)), status: Number(fault.kind) });
      return;
    default:
      send(response, answer);
  }
}

function send(response: ServerResponse, { status = 200, type, body, headers = {} }: Answer): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body), ...headers }).end(body);
}

const CHALLENGE = `<!DOCTYPE html>
<html lang="en"><head><title>Just a moment...</title></head>
<body><noscript>Enable JavaScript and cookies to continue</noscript></body></html>
`;
