/** A phrase that messages repeat. */
export interface RepeatedPhrase {
  /** As it was written first. */
  readonly name: string;
  /** In lower case, with single spaces. */
  readonly key: string;
  readonly occurrences: number;
  /** The position of the message that has it first. */
  readonly firstIn: number;
}

/** A phrase occurs at least so often. */
const FEWEST = 3;
const MOST_PHRASES = 10;
/** Words that are counted; the rest of a larger request is not, so that memory is bounded. */
const MOST_WORDS = 200_000;
/** Phrases have two or three words. */
const LENGTHS = [3, 2];

/** English words that no phrase contains. */
const STOP_WORDS = new Set(
  (
    "a an the and or but nor so yet if then else than that this these those there here it its i me my we us our you " +
    "your he him his she her they them their who whom whose which what when where why how is are was were be been being " +
    "am do does did done have has had having will would shall should can could may might must not no yes of in on at by " +
    "for with about against between into through during before after above below to from up down out off over under " +
    "again further once only own same too very just also still already all any both each few more most other some such " +
    "as until while because let lets please thanks thank hello dear regards best cheers okay now today tomorrow yesterday " +
    "get got gets make makes made use uses used using see need needs want wants know think said says say one two new " +
    "decision decided agreed note todo fact rule since per via"
  ).split(" "),
);

/**
 * Phrases of two or three words that occur at least three times in the messages, the most frequent first. A phrase
 * inside a longer one that occurs as often is left out.
 */
export function repeatedPhrases(messages: readonly (readonly string[])[]): RepeatedPhrase[] {
  const found = new Map<string, { name: string; key: string; occurrences: number; firstIn: number }>();
  let left = MOST_WORDS;
  for (const [position, blocks] of messages.entries()) {
    for (const block of blocks) {
      if (left <= 0) break;
      const words = wordsOf(block, left);
      left -= words.length;
      for (const length of LENGTHS) {
        for (let start = 0; start + length <= words.length; start++) {
          const phrase = words.slice(start, start + length);
          if (phrase.includes(null)) continue;
          const name = phrase.join(" ");
          const key = name.toLowerCase();
          const known = found.get(key);
          if (known) known.occurrences += 1;
          else found.set(key, { name, key, occurrences: 1, firstIn: position });
        }
      }
    }
  }
  const frequent = [...found.values()]
    .filter(({ occurrences }) => occurrences >= FEWEST)
    .sort((a, b) => b.occurrences - a.occurrences || b.key.length - a.key.length || a.firstIn - b.firstIn);
  const kept: RepeatedPhrase[] = [];
  for (const phrase of frequent) {
    if (kept.length === MOST_PHRASES) break;
    if (!kept.some(({ key }) => contains(key, phrase.key) || contains(phrase.key, key))) kept.push(phrase);
  }
  return kept;
}

/** Whether a text has the phrase as whole words. Both are in lower case. */
export function contains(text: string, phrase: string): boolean {
  return ` ${text} `.includes(` ${phrase} `);
}

/** Words in their order; null for a word that no phrase contains, and where punctuation ends a phrase. */
function wordsOf(block: string, most: number): (string | null)[] {
  const words: (string | null)[] = [];
  for (const part of block.split(" ")) {
    if (words.length >= most) break;
    // Signs at the end begin after a letter: without that, each sign of a long run inside a word is a start to try.
    const word = part.replace(/^[^\p{L}\p{N}]+|(?<=[\p{L}\p{N}])[^\p{L}\p{N}]+$/gu, "");
    words.push(isContent(word) ? word : null);
    if (word !== "" && !part.endsWith(word)) words.push(null);
  }
  return words;
}

function isContent(word: string): boolean {
  return word.length >= 3 && word.length <= 40 && !STOP_WORDS.has(word.toLowerCase()) && /\p{L}/u.test(word);
}
