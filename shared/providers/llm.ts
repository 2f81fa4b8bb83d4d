import { openAiClient, openAiError, type OpenAiOptions } from "./openai-client.ts";

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
}

export function openLlm({ model, ...options }: LlmOptions): Llm {
  const client = openAiClient(options);
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
        throw openAiError(error, { provider: "llm", service: "the language model", now: new Date() });
      }
    },
  };
}
