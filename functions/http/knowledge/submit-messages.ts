import { z } from "zod";
import type { Tx } from "#data/client.ts";
import { insertExtraction } from "#data/knowledge/extraction-runs.ts";
import { linkMessages, storeMessages } from "#data/knowledge/messages.ts";
import { rowIds } from "#data/row-ids.ts";
import { badRequest, type FieldFault, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { instantField } from "#rules/input-fields.ts";
import { extractKnowledge } from "../../knowledge/extract-knowledge/index.ts";
import { respondOnce } from "../idempotent-requests.ts";

/** Larger batches are refused. */
const MAX_MESSAGES = 1_000;
const MAX_BODY_BYTES = 8 * 1_048_576;
/** Characters of one message: that of a long document. */
const MAX_TEXT = 1_000_000;
/** Invalid fields of one response. */
const SHOWN_FAULTS = 100;

const message = z.strictObject({
  source: z.string().trim().min(1).max(100).describe("Where it was written: a chat, a mailbox"),
  externalId: z.string().trim().min(1).max(500).describe("Its id in the source: a message is stored once"),
  author: z.string().trim().min(1).max(200).nullable().default(null),
  text: z
    .string()
    .max(MAX_TEXT)
    .refine((text) => text.trim() !== "", "expected a text, got an empty one"),
  sentAt: instantField.nullable().default(null),
});
type Message = z.output<typeof message>;

export const submitMessages = defineRoute({
  method: "POST",
  path: "api/knowledge/messages",
  access: "operator",
  idempotent: true,
  summary: `Extract topics and atoms from up to ${MAX_MESSAGES} messages, as proposals for the review`,
  maxBodyBytes: MAX_BODY_BYTES,
  body: z.strictObject({ messages: z.array(message).min(1).meta({ maxItems: MAX_MESSAGES }) }),
  response: z.object({
    extraction: z.uuid(),
    run: z.uuid(),
    messages: z.int(),
    known: z.int().describe("Messages that an earlier request has stored: each is extracted once"),
  }),
  async handle({ app, body, caller, header }) {
    if (body.messages.length > MAX_MESSAGES) {
      const reason = `expected at most ${MAX_MESSAGES} messages in a request, got ${body.messages.length}`;
      throw new Problem(413, "content-too-large", `messages: ${reason}`, { errors: [{ field: "messages", reason }] });
    }
    refuse(repeats(body.messages));
    const { response, started } = await respondOnce(app, { header, payload: { extract: body } }, async (tx) => {
      const createdAt = app.clock.now();
      const [id, runId] = rowIds(2, createdAt) as [string, string];
      await insertExtraction(tx, { id, runId, requestedBy: caller, createdAt });
      const known = await addMessages(tx, id, { messages: body.messages, createdAt });
      const run = await app.enqueuer.enqueueIn(tx, extractKnowledge, {
        id: runId,
        input: { extractionId: id },
        trigger: "event",
        requestedBy: caller,
      });
      return { run, response: { extraction: id, run: runId, messages: body.messages.length, known } };
    });
    if (started?.run.state === "queued") await app.enqueuer.dispatch([started.run]);
    const headers = { location: `/api/knowledge/extractions/${String(response.extraction)}` };
    return { status: started ? 202 : 200, headers, json: response };
  },
});

/** Stores the messages of an extraction. @returns how many were stored before */
async function addMessages(
  tx: Tx,
  extraction: string,
  { messages, createdAt }: { messages: readonly Message[]; createdAt: Date },
): Promise<number> {
  const ids = rowIds(messages.length, createdAt);
  const rows = messages.map((message, i) => ({ ...message, id: ids[i]!, createdAt }));
  const stored = await storeMessages(tx, rows);
  refuse(changes(messages, stored));
  await linkMessages(
    tx,
    extraction,
    stored.map(({ id }) => id),
  );
  return stored.filter(({ id }, i) => id !== ids[i]).length;
}

/** The messages that occur before in the request. */
function repeats(messages: readonly Message[]): FieldFault[] {
  const first = new Map<string, number>();
  return messages.flatMap(({ source, externalId }, position) => {
    const key = `${source}\0${externalId}`;
    const earlier = first.get(key);
    if (earlier !== undefined) {
      return [{ field: `messages.${position}.externalId`, reason: `messages.${earlier} has the same source and id` }];
    }
    first.set(key, position);
    return [];
  });
}

/** The messages whose stored text is another one: what was extracted from it may be reviewed already. */
function changes(messages: readonly Message[], stored: readonly { readonly text: string }[]): FieldFault[] {
  return messages.flatMap(({ source, externalId, text }, position) => {
    if (stored[position]!.text === text) return [];
    const reason = `${source} has another text with the id ${externalId}: a message is never changed, so an edit needs an id of its own`;
    return [{ field: `messages.${position}.text`, reason }];
  });
}

function refuse(faults: readonly FieldFault[]): void {
  if (faults.length) throw badRequest(faults.slice(0, SHOWN_FAULTS));
}
