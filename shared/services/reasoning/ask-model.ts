import { createHash } from "node:crypto";
import type { z } from "zod";
import type { LlmCall } from "#data/reasoning/reasoning-schema.ts";
import { classify, retryAfter } from "#jobs/error-class.ts";
import { issuesOf } from "#jobs/input.ts";
import type { Llm, Message } from "#providers/llm.ts";
import { jsonbSafeText } from "#redaction/jsonb-safe.ts";

/** The facts of a call to the model, for its record. */
export type CallFacts = Omit<LlmCall, "id" | "agent" | "runId" | "createdAt">;

export interface ModelTools {
  readonly llm: Llm;
  /** Stores the record of a call; called for every call, also a failed one. */
  readonly record: (call: CallFacts) => Promise<void>;
  readonly signal: AbortSignal;
}

/** A valid answer, or why it is invalid. */
export type Answer<Value> = { readonly value: Value } | { readonly fault: string };

/** Characters of an invalid answer that the correction quotes. */
const QUOTED = 8_000;

/**
 * Asks the model, and once more with a correction when the answer is invalid.
 * @param read checks the text of an answer
 * @returns the fault of the second answer when both are invalid
 * @throws ProviderError when the model fails
 */
export async function askModel<Value>(
  { llm, record, signal }: ModelTools,
  prompt: readonly Message[],
  read: (text: string) => Answer<Value>,
): Promise<Answer<Value>> {
  let messages = prompt;
  let answer: Answer<Value> = { fault: "" };
  for (const _try of ["first", "repair"]) {
    const promptSha256 = createHash("sha256").update(JSON.stringify(messages)).digest("hex");
    const startedAt = performance.now();
    const call = () => ({ model: llm.model, promptSha256, latencyMs: Math.round(performance.now() - startedAt) });
    const noResult = { promptTokens: null, completionTokens: null, errorClass: null, error: null };
    let completion;
    try {
      completion = await llm.complete(messages, signal);
    } catch (error) {
      signal.throwIfAborted();
      const waits = retryAfter(error);
      const words = `${(error as Error).message}${waits === undefined ? "" : `; it asks to wait ${Math.ceil(waits / 1_000)} s`}`;
      await record({ ...noResult, ...call(), outcome: "failed", errorClass: classify(error), error: words });
      throw error;
    }
    const { text, ...tokens } = completion;
    answer = read(text);
    if ("value" in answer) {
      await record({ ...noResult, ...call(), ...tokens, outcome: "answered" });
      return answer;
    }
    await record({ ...noResult, ...call(), ...tokens, outcome: "unreadable", error: answer.fault });
    const correction = `That could not be read: ${answer.fault}. Answer with the JSON object alone.`;
    messages = [
      ...messages,
      { role: "assistant", content: text.slice(0, QUOTED) },
      { role: "user", content: correction },
    ];
  }
  return answer;
}

/** Reads the text of an answer as JSON of a form. The fault names each field, for the correction, and can be stored. */
export function readJson<Schema extends z.ZodType>(schema: Schema, text: string): Answer<z.output<Schema>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { fault: "it is not JSON" };
  }
  const { success, data, error } = schema.safeParse(json);
  if (success) return { value: data };
  const faults = issuesOf(error, "answer").map(({ field, reason }) => `${field}: ${reason}`);
  return { fault: jsonbSafeText(faults.join("; "), 500) };
}
