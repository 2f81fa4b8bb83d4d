import { type MessageToExtract, recordMessageFailure } from "#data/knowledge/messages.ts";
import { insertLlmCall } from "#data/reasoning/llm-calls.ts";
import { rowId } from "#data/row-ids.ts";
import { asError, type JobContext, Snooze } from "#jobs";
import type { Llm } from "#providers/llm.ts";
import { mapConcurrently } from "#providers/map-concurrently.ts";
import { ProviderError } from "#providers/provider-error.ts";
import type { Findings } from "#rules/knowledge/findings.ts";
import { addFindings } from "#services/knowledge/add-findings.ts";
import { extractByModel, UnreadableMessage } from "#services/knowledge/extract-by-model.ts";
import type { CallFacts } from "#services/reasoning/ask-model.ts";

/** Messages that the model reads at a time. */
const WIDTH = 4;
/** On the last attempt, a message that fails for a time is skipped; so many in a row are an outage of the model. */
const OUTAGE = 3;
/** When the model limits the rate without a time to wait. */
const WAIT_MS = 30_000;

/**
 * Lets the model read messages, some at a time. Each message commits with its proposals, so a retry continues with the
 * others. When the model fails, the calls under way end first: their answers are paid for.
 * @throws Snooze when the model limits the rate after some messages: the run waits without spending an attempt
 * @throws ProviderError when the model fails
 */
export async function extractWithModel(
  context: JobContext<{ readonly extractionId: string }>,
  llm: Llm,
  messages: readonly MessageToExtract[],
): Promise<void> {
  const { input, settings, signal, run, clock, transaction, progress } = context;
  const extractionRunId = input.extractionId;
  const record = (call: CallFacts) => {
    const createdAt = clock.now();
    return transaction((tx) =>
      insertLlmCall(tx, { ...call, id: rowId(createdAt), agent: "extraction", runId: run.id, createdAt }),
    );
  };
  const tools = { llm, record, signal, confidenceLimit: settings.KNOWLEDGE_MODEL_CONFIDENCE_LIMIT };
  const isLastAttempt = run.attempt >= run.maxAttempts;
  let failure: Error | undefined;
  let [done, failedInARow] = [0, 0];
  const untilFailure = function* () {
    for (const message of messages) {
      if (failure) return;
      yield message;
    }
  };
  const store = async ({ id: messageId }: MessageToExtract, findings: Findings | Error) => {
    await transaction((tx) =>
      findings instanceof Error
        ? recordMessageFailure(tx, { extractionRunId, messageId, reason: findings.message })
        : addFindings(tx, extractionRunId, [{ messageId, ...findings }], clock.now()),
    );
    done += 1;
    progress(done, messages.length);
  };
  for await (const { item, answer } of mapConcurrently(WIDTH, untilFailure(), (one) => extractByModel(tools, one))) {
    signal.throwIfAborted();
    const outcome = answer.status === "fulfilled" ? answer.value : asError(answer.reason);
    failedInARow = isTransient(outcome) ? failedInARow + 1 : 0;
    const isSkipped = isTransient(outcome) && isLastAttempt && failedInARow < OUTAGE;
    if (!(outcome instanceof Error) || outcome instanceof UnreadableMessage || isSkipped) await store(item, outcome);
    else failure ??= outcome;
  }
  if (failure) throw done > 0 && isRateLimit(failure) ? rateLimited(failure) : failure;
}

function isTransient(error: unknown): boolean {
  return error instanceof ProviderError && error.errorClass === "transient";
}

function isRateLimit(error: Error): error is ProviderError {
  return error instanceof ProviderError && error.errorClass === "rate_limited";
}

function rateLimited({ message, retryAfterMs = WAIT_MS }: ProviderError): Snooze {
  return new Snooze(`${Math.ceil(retryAfterMs / 1_000)}s`, message);
}
