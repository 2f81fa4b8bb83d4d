/** A statement of a message, by the form in which its author has written it. */
export interface Statement {
  readonly form: StatementForm;
  readonly title: string;
  readonly content: string;
}

/**
 * The forms, each with the confidence that its atoms get. A form says how plainly the author has marked the sentence as
 * something to keep; what the sentence says changes nothing.
 */
export const STATEMENT_FORMS = {
  /** `Decision: …` */
  decision: 0.97,
  /** `Fact: …`, `Rule: …`, `Policy: …` */
  fact: 0.95,
  /** `X means …`, `X stands for …` */
  meaning: 0.9,
  /** `We decided …`, `we agreed …` */
  agreement: 0.85,
  /** `Note: …`, `FYI: …` */
  note: 0.8,
  /** `X is a …`, `X are the …`: also sentences that matter today only. */
  definition: 0.75,
  /** `X: …`: also a speaker of a copied chat. */
  entry: 0.7,
  /** `TODO …`: a task is seldom knowledge. */
  task: 0.6,
} as const;
export type StatementForm = keyof typeof STATEMENT_FORMS;

/** A longer text is not a single fact. */
const LONGEST_CONTENT = 2_000;
const LONGEST_TITLE = 80;
/** A term has at most so many words and characters. */
const [TERM_WORDS, TERM_LENGTH] = [5, 60];
/** A definition has at least so many words. */
const FEWEST_WORDS = 3;

const MARKERS = new Map([
  ...formOf("decision", ["decision", "decided", "agreed", "resolution"]),
  ...formOf("fact", ["fact", "rule", "policy"]),
  ...formOf("note", ["note", "fyi", "remember", "tip", "important"]),
  ...formOf("task", ["todo", "to do", "action", "action item", "task", "follow-up"]),
]);

/** Words that begin no term: what they refer to is outside the sentence, or the sentence is no statement. */
const NO_TERM = new Set(
  (
    "i we you he she it they this that these those there here what who whom whose which how why when where if maybe " +
    "perhaps but and or so because then now also my your our his her their its everything nothing anything something " +
    "someone everyone one all some none not no yes ok okay let please thanks thank hi hello hey dear re fwd ps edit " +
    "update example question answer regards best cheers today tomorrow yesterday first second finally http https"
  ).split(" "),
);
const ARTICLES = new Set(["a", "an", "the"]);
/** What follows `is` in a definition. `The server is down` has none of them. */
const DEFINING = new Set(["a", "an", "the", "our", "one", "any"]);

/** The statements of one block of text, in order. */
export function statementsOf(block: string): Statement[] {
  const marked = markedStatement(block);
  if (marked) return [marked].filter(isUsable);
  const entry = entryOf(block);
  if (entry) return [entry].filter(isUsable);
  return sentencesOf(block)
    .flatMap((sentence) => sentenceStatement(sentence) ?? [])
    .filter(isUsable);
}

function isUsable({ content, title }: Statement): boolean {
  return content.length <= LONGEST_CONTENT && hasLetters(title) && !content.endsWith("?") && content.includes(" ");
}

/** Whether a text has a letter or a digit of any script. */
export function hasLetters(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

function markedStatement(block: string): Statement | null {
  const colon = block.indexOf(":");
  const marker = colon > 0 && colon <= 20 ? withoutMarkup(block.slice(0, colon)).toLowerCase() : "";
  const marked = MARKERS.get(marker);
  const form = marked ?? (/^TODO\b/.test(block) ? "task" : undefined);
  if (!form) return null;
  const content = withoutMarkup(block.slice(marked ? colon + 1 : "TODO".length));
  return { form, title: shortened(content), content };
}

/** `Term: what it is`. */
function entryOf(block: string): Statement | null {
  const colon = block.indexOf(": ");
  if (colon < 1 || colon > TERM_LENGTH) return null;
  const term = termOf(withoutMarkup(block.slice(0, colon)).split(" "));
  const content = withoutMarkup(block.slice(colon + 1));
  const words = content.slice(0, 200).split(" ");
  if (term === null || words.length < FEWEST_WORDS || NO_TERM.has(wordOf(words[0]!))) return null;
  return { form: "entry", title: term, content: `${term}: ${content}` };
}

function sentenceStatement(sentence: string): Statement | null {
  if (sentence.length > LONGEST_CONTENT) return null;
  const words = sentence.split(" ");
  const [first, second] = [wordOf(words[0]!), wordOf(words[1] ?? "")];
  if (first === "we" && (second === "decided" || second === "agreed")) {
    return { form: "agreement", title: shortened(sentence), content: sentence };
  }
  const verb = words.findIndex((word, i) => i > 0 && VERBS.has(word));
  if (verb < 1) return null;
  const title = termOf(words.slice(0, verb));
  const rest = words.slice(verb + 1);
  if (title === null || rest.length < FEWEST_WORDS) return null;
  const form = formOfVerb(words[verb]!, rest);
  return form && { form, title, content: sentence };
}

const VERBS = new Set(["is", "are", "means", "mean", "stands", "refers"]);

function formOfVerb(verb: string, [next, after]: readonly string[]): StatementForm | null {
  if (verb === "means" || verb === "mean") return "meaning";
  if (verb === "stands") return next === "for" ? "meaning" : null;
  if (verb === "refers") return next === "to" ? "meaning" : null;
  if (next === "short") return after === "for" ? "meaning" : null;
  return DEFINING.has(next!) ? "definition" : null;
}

/** The words as a term, without an article before it. Null: they are none. */
function termOf(words: readonly string[]): string | null {
  const term = ARTICLES.has(wordOf(words[0]!)) ? words.slice(1) : words;
  const isTerm =
    term.length > 0 &&
    term.length <= TERM_WORDS &&
    !NO_TERM.has(wordOf(words[0]!)) &&
    term.every((word) => /^[\p{L}\p{N}(][\p{L}\p{N}().&/+#'’-]*$/u.test(word));
  const text = term.join(" ");
  if (!isTerm || text.length > TERM_LENGTH || !/\p{L}/u.test(text)) return null;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The sentences of a text whose spaces are single. */
function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?]) (?=[\p{Lu}\p{N}"'“(])/u);
}

function wordOf(word: string): string {
  return word.toLowerCase().replace(/[^\p{L}\p{N}-]/gu, "");
}

function withoutMarkup(text: string): string {
  return text.replace(/[*_`]+/g, "").trim();
}

function shortened(text: string): string {
  if (text.length <= LONGEST_TITLE) return text;
  const start = text.slice(0, LONGEST_TITLE);
  const space = start.lastIndexOf(" ");
  // Without a space, a part of a character may be left at the end.
  return `${space > 0 ? start.slice(0, space) : start.slice(0, -1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

function formOf(form: StatementForm, markers: readonly string[]): [string, StatementForm][] {
  return markers.map((marker) => [marker, form]);
}
