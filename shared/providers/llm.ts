import type OpenAI from "openai";
import { openOnce } from "#diagnostics/open-once.ts";
import { LONGEST_RETRY_AFTER_MS, retryAfterMs } from "./outbound/retry-after.ts";
import { ProviderError } from "./provider-error.ts";

/** A language model with an OpenAI-compatible API: OpenAI, Azure OpenAI (`https://…/openai/v1/`) and others. */
export interface Llm {
  readonly model: string;
  /** Requests one JSON object as text. @throws ProviderError */
  complete(messages: readonly Message[], signal: AbortSignal): Promise<Completion>;
}

export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface Completion {
  readonly text: string;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
}

export interface LlmOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
  readonly timeoutMs: number;
}

/** A client without retries: the job retries, because it can wait longer than a connection. */
export function openLlm({ baseUrl, apiKey, model, timeoutMs }: LlmOptions): Llm {
  const client = openOnce(async (): Promise<OpenAI> => {
    const { OpenAI: Client } = await import("openai");
    return new Client({ baseURL: baseUrl, apiKey, maxRetries: 0, timeout: timeoutMs });
  });
  return {
    model,
    async complete(messages, signal) {
      try {
        const { choices, usage } = await (
          await client()
        ).chat.completions.create(
          { model, messages: [...messages], response_format: { type: "json_object" } },
          { signal },
        );
        return {
          text: choices[0]?.message.content ?? "",
          promptTokens: usage?.prompt_tokens ?? null,
          completionTokens: usage?.completion_tokens ?? null,
        };
      } catch (error) {
        signal.throwIfAborted();
        throw asProviderError(error, new Date());
      }
    },
  };
}

/** The errors of the client, for an error status and for no response. */
interface Refused {
  readonly status?: number;
  readonly code?: string | null;
  readonly message?: string;
  readonly headers?: Headers;
}

/** The error contains neither key nor prompt: a service may quote both in its message. */
function asProviderError(thrown: unknown, now: Date): ProviderError {
  const { status, code, message = "", headers } = thrown as Refused;
  const facts = { provider: "llm", status, cause: undefined };
  if (status === undefined) {
    return new ProviderError("the language model did not answer", { ...facts, errorClass: "transient" });
  }
  const sentence = `the language model refused with HTTP ${status}${code ? `, ${code.slice(0, 60)}` : ""}`;
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
