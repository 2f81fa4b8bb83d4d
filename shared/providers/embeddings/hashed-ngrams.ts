/**
 * A text as a vector of length 1: its words, and the runs of three and four letters of each word, each added to one
 * dimension that its hash names, with the sign of the hash. Frequency counts by its logarithm, and English words that
 * say little about a subject count less.
 */
export function hashedNgrams(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const [feature, { weight, count }] of featuresOf(text)) {
    const hash = hashOf(feature);
    vector[(hash >>> 1) % dimensions]! += (hash & 1 ? 1 : -1) * weight * (1 + Math.log(count));
  }
  return normalised(vector, text);
}

/** How they were chosen: docs/decisions/0023-embeddings-without-a-service.md. */
const WORD_WEIGHT = 0.7;
const LETTERS_WEIGHT = 1.5;
const FUNCTION_WORD_WEIGHT = 0.3;
const RUN_LENGTHS = [3, 4];

const FUNCTION_WORDS = new Set(
  `a about am an and any are as at be been being but by can could did do does for from get had has have he her his how i
  if in into is it its just may me might must my of on or our over s shall she should so some t than that the their there
  these they this those to too us very was we were what when where which who whom whose why will with would you
  your`.split(/\s+/),
);

interface Feature {
  readonly weight: number;
  readonly count: number;
}

function featuresOf(text: string): ReadonlyMap<string, Feature> {
  const features = new Map<string, Feature>();
  const add = (feature: string, weight: number) => {
    features.set(feature, { weight, count: (features.get(feature)?.count ?? 0) + 1 });
  };
  for (const word of text.normalize("NFKC").toLowerCase().match(WORD) ?? []) {
    const weight = FUNCTION_WORDS.has(word) ? FUNCTION_WORD_WEIGHT : 1;
    add(`word ${word}`, weight * WORD_WEIGHT);
    const runs = runsOf(word);
    // All runs of a word count like one feature: a long word is no longer text.
    for (const run of runs) add(`run ${run}`, (weight * LETTERS_WEIGHT) / Math.sqrt(runs.length));
  }
  return features;
}

/** A run of letters, marks and digits, or another sign: an emoji is a word. */
const WORD = /[\p{L}\p{M}\p{N}]+|[^\s\p{P}\p{C}]/gu;

/** The runs of letters of a word, whose beginning and end count as letters. */
function runsOf(word: string): string[] {
  const letters = Array.from(`^${word}$`);
  return RUN_LENGTHS.flatMap((length) =>
    letters.slice(length - 1).map((_, from) => letters.slice(from, from + length).join("")),
  );
}

/** Features can cancel each other out, and a text can have none: its own hash then names the dimension. */
function normalised(vector: Float32Array, text: string): Float32Array {
  const length = Math.hypot(...vector);
  if (length > 0) return vector.map((value) => value / length);
  vector[hashOf(text) % vector.length] = 1;
  return vector;
}

/** FNV-1a, mixed once more: its lowest bits alone are too regular. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
