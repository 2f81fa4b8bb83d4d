import type { IncomingHttpHeaders } from "node:http";
import type { ErrorClass } from "#jobs/error-class.ts";
import { ProviderError } from "../provider-error.ts";
import { BodyTooLarge, UnknownEncoding } from "./body.ts";
import { OutOfPatience } from "./patience.ts";
import { AddressRefused } from "./public-address.ts";
import { withoutSecrets } from "./redaction.ts";
import { retryAfterMs } from "./retry-after.ts";
import { isWebPage } from "./web-page.ts";

/** One request as its errors name it. */
export interface Subject {
  readonly provider: string;
  readonly method: string;
  /** Already safe to show. */
  readonly url: string;
  readonly secrets: readonly string[];
}

/** The class of an answer that is no success. */
function errorClassOfStatus(status: number): ErrorClass {
  if (status === 429) return "rate_limited";
  if (status === 401 || status === 403) return "auth";
  return status === 408 || status === 425 || status >= 500 ? "transient" : "validation";
}

/** An answer with a status that is no success; `beginning` is the first piece of its body, quoted when it says why. */
export function refusal(
  subject: Subject,
  answer: { status: number; statusText: string; headers: IncomingHttpHeaders; beginning: string; now: Date },
): ProviderError {
  const { status, statusText, headers, beginning, now } = answer;
  const wait = retryAfterMs(headers, now);
  const reason = withoutSecrets(reasonIn(headers["content-type"], beginning), subject.secrets);
  const sentence =
    `${subject.provider} answered ${`${status} ${statusText}`.trim()} to ${subject.method} ${subject.url}` +
    (reason ? `: ${reason}` : "") +
    (wait === undefined ? "" : ` (asks to wait ${Math.ceil(wait / 1000)} s)`);
  const errorClass = errorClassOfStatus(status);
  return new ProviderError(sentence, { ...subject, errorClass, status, retryAfterMs: wait });
}

/** Anything that went wrong on the way, as one sentence with its class. A ProviderError stays what it is. */
export function failure(subject: Subject, error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  const { provider, method, url, secrets } = subject;
  const to = `${method} ${url}`;
  const message = withoutSecrets(error instanceof Error ? error.message : String(error), secrets);
  const as = (errorClass: ErrorClass, sentence: string) =>
    new ProviderError(sentence, { provider, url, errorClass, cause: error });

  if (error instanceof OutOfPatience) return as("transient", `${provider} ${message}: ${to}`);
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

/** What the body says in one line: the message of a JSON error, else its text; nothing of a web page. */
function reasonIn(contentType: string | undefined, beginning: string): string {
  if (isWebPage(contentType, beginning)) return "a web page";
  const said = messageIn(beginning) ?? beginning;
  const line = said.replace(/\s+/g, " ").trim();
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
