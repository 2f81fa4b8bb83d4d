import { setImmediate as nextTurn } from "node:timers/promises";
import type { AtomFinding, Findings, TopicFinding } from "./findings.ts";
import { type Block, blocksOf } from "./message-blocks.ts";
import { contains, type RepeatedPhrase, repeatedPhrases } from "./repeated-phrases.ts";
import { hasLetters, STATEMENT_FORMS, statementsOf } from "./statements.ts";

/** Confidences of topics, by how their authors have named them. */
export const TOPIC_CONFIDENCE = {
  /** A heading of the message. */
  heading: 0.96,
  /** The subject of a mail: often about the mail, and not about its subject. */
  subject: 0.9,
  /** `#topic` */
  hashtag: 0.9,
} as const;

/** The confidence of a topic that messages repeat but do not name: 0.5 for three occurrences, at most 0.8. */
export function phraseConfidence(occurrences: number): number {
  return Math.min(0.8, (50 + 5 * (occurrences - 3)) / 100);
}

/** Findings of one message; those after them are left out. */
const [MOST_TOPICS, MOST_ATOMS] = [20, 100];

const HASHTAG = /(?<![\p{L}\p{N}&/#])#(\p{L}[\p{L}\p{N}_-]{1,49})/gu;

/**
 * Finds topics and statements in the messages of a request by their form: headings, subjects, hashtags, repeated
 * phrases; and decisions, definitions, notes, tasks. It knows English words and no meaning: docs/knowledge.md lists the
 * rules. The same messages give the same findings. Takes time in proportion to the text, and a turn of the event loop
 * for each message.
 * @returns the findings of each message, in their order
 */
export async function extractByRules(texts: readonly string[]): Promise<Findings[]> {
  const messages = await inTurns(texts, blocksOf);
  const phrases = repeatedPhrases(
    messages.map((blocks) => blocks.flatMap(({ kind, text }) => (kind === "text" ? [text] : []))),
  );
  return inTurns(messages, (blocks, position) => findingsOf(blocks, position, phrases));
}

/** Reads messages one by one. Heartbeats, requests and other runs of the process have their turn after each. */
async function inTurns<Message, Result>(
  messages: readonly Message[],
  read: (message: Message, position: number) => Result,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const [position, message] of messages.entries()) {
    results.push(read(message, position));
    await nextTurn();
  }
  return results;
}

function findingsOf(blocks: readonly Block[], position: number, phrases: readonly RepeatedPhrase[]): Findings {
  const topics: TopicFinding[] = [];
  const atoms: AtomFinding[] = [];
  let current: string | null = null;
  for (const { kind, text } of blocks) {
    if (kind !== "text") {
      const name = withoutTags(text);
      if (!hasLetters(name)) continue;
      topics.push({ name, description: "", confidence: TOPIC_CONFIDENCE[kind] });
      current = name;
      continue;
    }
    const tags = hashtagsOf(text);
    topics.push(...tags.map((name) => ({ name, description: "", confidence: TOPIC_CONFIDENCE.hashtag })));
    if (atoms.length >= MOST_ATOMS) continue;
    for (const { form, title, content } of statementsOf(withoutTags(text))) {
      const topic = tags[0] ?? current ?? phraseIn(content, phrases);
      atoms.push({ title, content, topic, confidence: STATEMENT_FORMS[form] });
    }
  }
  topics.push(
    ...phrases
      .filter(({ firstIn }) => firstIn === position)
      .map(({ name, occurrences }) => ({ name, description: "", confidence: phraseConfidence(occurrences) })),
  );
  return { topics: topics.slice(0, MOST_TOPICS), atoms: atoms.slice(0, MOST_ATOMS) };
}

function phraseIn(content: string, phrases: readonly RepeatedPhrase[]): string | null {
  const words = content.toLowerCase().replace(/[^\p{L}\p{N}'’-]+/gu, " ");
  return phrases.find(({ key }) => contains(words, key))?.name ?? null;
}

/** The tags of a text; those that no message has room for are left out. */
function hashtagsOf(text: string): string[] {
  return [...text.matchAll(HASHTAG)].slice(0, MOST_TOPICS).map(([, tag]) => tag!.replaceAll(/[_-]+/g, " ").trim());
}

/** A tag inside a sentence stays as a word; tags at its end are no part of it. */
function withoutTags(text: string): string {
  const words = text.split(" ");
  while (words.length > 0 && /^#\p{L}/u.test(words.at(-1)!)) words.pop();
  return words.map((word) => word.replace(/^#(?=\p{L})/u, "")).join(" ");
}
