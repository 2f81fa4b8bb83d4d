import type { ServerResponse } from "node:http";

/**
 * What a stand-in can be told to do wrong:
 * `500`, `503`, `404`, `401`, `403`: that status. `429`: with `Retry-After` (`retryAfter`, default 7 s).
 * `html`: a challenge page with status 200. `truncated`: the connection ends within the body. `cut-short`: a complete answer
 * whose content ends within a line or tag. `hang`: accepts and never answers. `stall`: half of the body, then silence.
 * `redirect`: to `location`. `empty`: 200 without a body. The rest are faults of content, made by the stand-in that knows it.
 */
export interface Fault<Kind extends string = never> {
  readonly kind: GeneralFault | Kind;
  /** For how many requests; until `recover()` by default. */
  readonly times?: number;
  readonly retryAfter?: string;
  readonly location?: string;
  /** Meets only requests whose path and query have this in them: a symbol, say. */
  readonly only?: string;
}

export const GENERAL_FAULTS = [
  ...(["401", "403", "404", "429", "500", "503"] as const),
  ...(["html", "truncated", "cut-short", "hang", "stall", "redirect", "empty"] as const),
] as const;

type GeneralFault = (typeof GENERAL_FAULTS)[number];

/** The switchboard of a stand-in: which fault the next request meets. */
export function faultSwitchboard<Kind extends string>() {
  const armed: { fault: Fault<Kind>; left: number }[] = [];
  return {
    fail(fault: Fault<Kind>): void {
      armed.push({ fault, left: fault.times ?? Infinity });
    },
    recover(): void {
      armed.length = 0;
    },
    /** The faults that are still to be met. */
    armed(): readonly Fault<Kind>[] {
      return armed.map(({ fault, left }) => (Number.isFinite(left) ? { ...fault, times: left } : fault));
    },
    /** The fault that a request for this path and query meets, if any; faults are met in the order in which they were told. */
    next(address: string): Fault<Kind> | undefined {
      const met = armed.find(({ fault: { only } }) => only === undefined || address.includes(only));
      if (met && --met.left <= 0) armed.splice(armed.indexOf(met), 1);
      return met?.fault;
    },
  };
}

export interface Answer {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Writes the answer, or what the fault makes of it. `errorBody` is how this provider says what is wrong. */
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
