import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export interface LlmAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/**
 * A language model's API on loopback, in the form of OpenAI's; each call gets the next answer, the last one again and
 * again. With `answerTo`, the last message of the prompt decides.
 */
export async function startLlm(): Promise<{
  readonly url: string;
  answers: LlmAnswer[];
  answerTo: ((content: string) => LlmAnswer) | null;
  readonly asked: { path: string; key: string | undefined; body: { model: string; messages: { content: string }[] } }[];
  close(): void;
}> {
  const llm = {
    url: "",
    answers: [] as LlmAnswer[],
    answerTo: null as ((content: string) => LlmAnswer) | null,
    asked: [] as never[],
    close: () => server.close(),
  };
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      llm.asked.push({ path: request.url, key: request.headers.authorization, body } as never);
      const { messages } = body as { messages: { content: string }[] };
      const next = () => (llm.answers.length > 1 ? llm.answers.shift()! : llm.answers[0]!);
      const answer = llm.answerTo?.(messages.at(-1)!.content) ?? next();
      const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
      response.writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers }).end(text);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  llm.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return llm;
}

/** A completion as the API has it. */
export function completion(content: string): LlmAnswer {
  const choices = [{ index: 0, message: { role: "assistant", content, refusal: null }, finish_reason: "stop" }];
  const usage = { prompt_tokens: 310, completion_tokens: 48, total_tokens: 358 };
  return { body: { id: "chatcmpl-1", object: "chat.completion", created: 1, model: "sample", choices, usage } };
}

export function refusal(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): LlmAnswer {
  return { status, headers, body: { error: { code, message, type: code, param: null } } };
}
