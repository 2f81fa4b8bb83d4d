import type { IncomingHttpHeaders } from "node:http";
import type { ErrorClass } from "#jobs/error-class.ts";
import { ProviderError } from "../provider-error.ts";
import { DeadlineExceeded } from "./deadline.ts";
import { AddressRefused } from "./public-address.ts";
import { BodyTooLarge, UnknownEncoding } from "./response-body.ts";
import { retryAfterMs } from "./retry-after.ts";
import { withoutSecrets } from "./safe-url.ts";
import { isWebPage } from "./web-page.ts";

/** The facts of a request that its errors name. */
export interface RequestFacts {
  readonly provider: string;
  readonly method: string;
  /** Already safe to show. */
  readonly url: string;
  readonly secrets: readonly string[];
}

/** The error class of a status that is not 2xx. */
function errorClassOfStatus(status: number): ErrorClass {
  if (status === 429) return "rate_limited";
  if (status === 401 || status === 403) return "auth";
  return status === 408 || status === 425 || status >= 500 ? "transient" : "validation";
}

/** The error for a status that is not 2xx; it quotes the beginning of the body unless that is a web page. */
export function httpError(
  request: RequestFacts,
  answer: { status: number; statusText: string; headers: IncomingHttpHeaders; beginning: string; now: Date },
): ProviderError {
  const { status, statusText, headers, beginning, now } = answer;
  const wait = retryAfterMs(headers, now);
  const reason = withoutSecrets(reasonIn(headers["content-type"], beginning), request.secrets);
  const sentence =
    `${request.provider} answered ${`${status} ${statusText}`.trim()} to ${request.method} ${request.url}` +
    (reason ? `: ${reason}` : "") +
    (wait === undefined ? "" : ` (asks to wait ${Math.ceil(wait / 1000)} s)`);
  const errorClass = errorClassOfStatus(status);
  return new ProviderError(sentence, { ...request, errorClass, status, retryAfterMs: wait });
}

/** Any other failure of a request, as one sentence with its class. A ProviderError is returned unchanged. */
export function toProviderError(request: RequestFacts, error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  const { provider, method, url, secrets } = request;
  const to = `${method} ${url}`;
  const message = withoutSecrets(error instanceof Error ? error.message : String(error), secrets);
  const as = (errorClass: ErrorClass, sentence: string) =>
    new ProviderError(sentence, { provider, url, errorClass, cause: error });

  if (error instanceof DeadlineExceeded) return as("transient", `${provider} ${message}: ${to}`);
  if (error instanceof AddressRefused) return as("validation", `${provider} was not called: ${message} (${to})`);
  if (error instanceof BodyTooLarge) return as("validation", `${provider} ${message}: ${to}`);
  if (error instanceof UnknownEncoding) return as("validation", `${provider} ${message}: ${to}`);

  const code = codeOf(error);
  if (code.startsWith("Z_"))
    return as("transient", `${provider} sent a compressed body that is damaged or cut short (${code}): ${to}`);
  if (message === "aborted")
    return as("transient", `${provider} closed the connection before its answer was complete: ${to}`);
  if (/CERT|^ERR_TLS/.test(code)) {
    return as("transient", `${provider} was not called: its TLS certificate is not trusted (${code}) (${to})`);
  }
  return as("transient", `${provider} could not be reached (${code || message}): ${to}`);
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : "";
}

/** The reason in a body, in one line: the message of a JSON error, otherwise the text; nothing of a web page. */
function reasonIn(contentType: string | undefined, beginning: string): string {
  if (isWebPage(contentType, beginning)) return "a web page";
  const text = messageIn(beginning) ?? beginning;
  const line = text.replace(/\s+/g, " ").trim();
  return line === "" ? "" : `"${line.length > 200 ? `${line.slice(0, 199)}…` : line}"`;
}

function messageIn(body: string): string | undefined {
  try {
    const { message, error } = JSON.parse(body) as { message?: unknown; error?: unknown };
    return [message, error].find((text) => typeof text === "string");
  } catch {
    return undefined;
  }
}
