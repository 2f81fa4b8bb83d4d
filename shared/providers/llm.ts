import type { CallPolicy } from "#jobs/call-policy.ts";
import type { TokenPrices } from "#settings/provider-settings.ts";
import { openAiClient, openAiError, type OpenAiOptions } from "./openai-client.ts";
import { withinPolicy } from "./outbound/within-policy.ts";

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

export interface LlmOptions extends OpenAiOptions {
  readonly model: string;
  /** Of the calls. Default: every call starts at once. */
  readonly policy?: CallPolicy | undefined;
  /** For the cost of the calls. Default: it is unknown. */
  readonly prices?: TokenPrices | undefined;
}

export function openLlm({ model, policy, prices, ...options }: LlmOptions): Llm {
  const client = openAiClient(options);
  return {
    model,
    complete: (messages, signal) =>
      withinPolicy(
        { provider: "llm", policy, signal },
        () => request(messages, signal),
        ({ promptTokens, completionTokens }) => ({
          microcents: prices && microcents(prices, promptTokens ?? 0, completionTokens ?? 0),
        }),
      ),
  };

  async function request(messages: readonly Message[], signal: AbortSignal): Promise<Completion> {
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
      throw openAiError(error, { provider: "llm", service: "the language model", now: new Date() });
    }
  }
}

/** A dollar for a million tokens is 100 millionths of a cent for one. */
function microcents({ input, output }: TokenPrices, promptTokens: number, completionTokens: number): number {
  return 100 * (input * promptTokens + output * completionTokens);
}
