import type OpenAI from "openai";
import { openOnce } from "#diagnostics/open-once.ts";
import { LONGEST_RETRY_AFTER_MS, retryAfterMs } from "./outbound/retry-after.ts";
import { ProviderError } from "./provider-error.ts";

export interface OpenAiOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly timeoutMs: number;
}

/**
 * The `openai` client of a service with an OpenAI-compatible API; the first call loads its library. A client without
 * retries: the job retries, because it can wait longer than a connection.
 */
export function openAiClient({ baseUrl, apiKey, timeoutMs }: OpenAiOptions): () => Promise<OpenAI> {
  return openOnce(async () => {
    const { OpenAI: Client } = await import("openai");
    return new Client({ baseURL: baseUrl, apiKey, maxRetries: 0, timeout: timeoutMs });
  });
}

/** The errors of the `openai` client, for an error status and for no response. */
interface Refused {
  readonly status?: number;
  readonly code?: string | null;
  readonly message?: string;
  readonly headers?: Headers;
}

/**
 * The error of a call through the `openai` client. It contains neither key nor prompt: a service may quote both in its
 * message.
 * @param service what the service is, as the subject of a sentence
 */
export function openAiError(
  thrown: unknown,
  { provider, service, now }: { readonly provider: string; readonly service: string; readonly now: Date },
): ProviderError {
  const { status, code, message = "", headers } = thrown as Refused;
  const facts = { provider, status, cause: undefined };
  if (status === undefined) {
    return new ProviderError(`${service} did not answer`, { ...facts, errorClass: "transient" });
  }
  const sentence = `${service} refused with HTTP ${status}${code ? `, ${code.slice(0, 60)}` : ""}`;
  // Also a 429, but a wait does not restore the quota.
  if (code === "insufficient_quota") return new ProviderError(sentence, { ...facts, errorClass: "validation" });
  if (status === 429) {
    const asked = retryAfterMs(Object.fromEntries(headers ?? []), now) ?? secondsIn(message);
    return new ProviderError(sentence, { ...facts, errorClass: "rate_limited", retryAfterMs: asked });
  }
  if (status === 401 || status === 403) return new ProviderError(sentence, { ...facts, errorClass: "auth" });
  const isPassing = status === 408 || status === 409 || status >= 500;
  return new ProviderError(sentence, { ...facts, errorClass: isPassing ? "transient" : "validation" });
}

/** "Please retry after 86400 seconds": Azure's message when it sends no header. */
function secondsIn(message: string): number | undefined {
  const seconds = /retry after (\d+) seconds?/i.exec(message)?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds) * 1_000, LONGEST_RETRY_AFTER_MS);
}
