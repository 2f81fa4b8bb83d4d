import type { Tx } from "#data/client.ts";
import {
  beginExtraction,
  completeExtraction,
  countMessages,
  countProposals,
  failExtraction,
  findExtraction,
  messageFailures,
} from "#data/knowledge/extraction-runs.ts";
import { messagesOf } from "#data/knowledge/messages.ts";
import { discardReason } from "#data/platform/run-reason.ts";
import { defineJob, event, exponential, InvalidInput, type JobContext, writes, z } from "#jobs";
import { configuredLlm } from "#providers/configured-llm.ts";
import { extractByRules } from "#rules/knowledge/extract-by-rules.ts";
import { addFindings } from "#services/knowledge/add-findings.ts";
import { UnreadableMessage } from "#services/knowledge/extract-by-model.ts";
import { knowledge } from "../../families.ts";
import { extractWithModel } from "./extract-with-model.ts";

const input = z.strictObject({ extractionId: z.uuid() });
type Context = JobContext<z.output<typeof input>>;

/** Messages of one transaction. */
const PAGE = 100;
/** A request has at most so many messages. */
const MOST_FAILURES = 1_000;

/**
 * Extracts topics and atoms from the messages of a request, as proposals. Running twice is safe: the proposals of a
 * message are added in the transaction that marks it as extracted, and a retry continues with the other messages.
 */
export const extractKnowledge = defineJob({
  id: "extract_knowledge",
  family: knowledge,
  summary: "Extract topics and atoms from messages, as proposals",
  on: event({ batch: 1 }),
  input,
  async checkInput({ extractionId }, { db }) {
    if (!(await findExtraction(db, extractionId))) throw noExtraction(extractionId);
  },
  retry: exponential({ retries: 3, first: "5s", factor: 5, max: "5m" }),
  timeout: "1h",
  concurrency: ({ extractionId }) => extractionId,
  gates: [writes],

  async onDiscarded(tx, runs) {
    for (const run of runs) {
      const { extractionId: id } = input.safeParse(run.input).data ?? {};
      if (id === undefined) continue;
      await failExtraction(tx, { id, runId: run.id, error: discardReason(run), now: run.finishedAt! });
    }
  },

  async run(context) {
    const { input: request, run, db, clock, transaction, finish } = context;
    const id = request.extractionId;
    const extraction = await transaction((tx) => beginExtraction(tx, { id, runId: run.id }));
    if (!extraction) throw noExtraction(id);
    if (extraction.state === "extracted") return proposed(db, id);
    const extractor = await extract(context);
    await reportFailures(context);
    return finish(async (tx) => {
      await completeExtraction(tx, id, { extractor, now: clock.now() });
      return proposed(tx, id);
    });
  },
});

/** Adds the proposals of all messages. @returns what has read them */
async function extract(context: Context): Promise<string> {
  const { input, db, settings, clock, transaction, callPolicy } = context;
  const messages = await messagesOf(db, input.extractionId);
  const llm = configuredLlm(settings, callPolicy);
  if (llm) {
    const unread = messages.filter(({ isUnread }) => isUnread);
    await extractWithModel(context, llm, unread);
    return llm.model;
  }
  // From all messages, so that a retry finds the same repeated phrases.
  const findings = await extractByRules(messages.map(({ text }) => text));
  const found = messages
    .map(({ id, isUnread }, i) => ({ messageId: id, isUnread, ...findings[i]! }))
    .filter(({ isUnread }) => isUnread);
  for (let from = 0; from < found.length; from += PAGE) {
    await transaction((tx) => addFindings(tx, input.extractionId, found.slice(from, from + PAGE), clock.now()));
  }
  return "rules";
}

/** Reports the messages that failed, in any attempt. @throws UnreadableMessage when all of them failed */
async function reportFailures({ input, db, recordFailures }: Context): Promise<void> {
  const failures = await messageFailures(db, input.extractionId, MOST_FAILURES);
  const { total } = await countMessages(db, input.extractionId);
  if (failures.length > 0 && failures.length === total) {
    throw new UnreadableMessage(`no message could be read; first: ${failures[0]!.reason}`);
  }
  recordFailures(
    failures.map(({ source, externalId, reason }) => ({
      key: `${source}: ${externalId}`,
      error: new UnreadableMessage(reason),
    })),
  );
}

/** What the extraction has proposed, in all of its attempts. */
async function proposed(db: Tx | Context["db"], id: string) {
  const { topics, atoms } = await countProposals(db, id);
  return { runs: 1, topics_proposed: sumOf(topics), atoms_proposed: sumOf(atoms) };
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function noExtraction(id: string): InvalidInput {
  return new InvalidInput([{ field: "extractionId", reason: `there is no extraction ${id}` }]);
}
