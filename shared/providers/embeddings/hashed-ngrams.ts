/**
 * A text as a vector of length 1: its words, pairs of words and runs of three and four letters, each added to one
 * dimension that its hash names, with the sign of the hash and the logarithm of its frequency.
 */
export function hashedNgrams(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  const features = featuresOf(text);
  for (const [feature, count] of features) {
    const hash = fnv1a(feature);
    vector[(hash >>> 1) % dimensions]! += (hash & 1 ? 1 : -1) * (1 + Math.log(count));
  }
  return normalised(vector, text);
}

function featuresOf(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const add = (feature: string) => counts.set(feature, (counts.get(feature) ?? 0) + 1);
  const words = text.normalize("NFKC").toLowerCase().match(WORD) ?? [];
  words.forEach((word, i) => {
    add(`w ${word}`);
    if (i > 0) add(`p ${words[i - 1]} ${word}`);
    const padded = Array.from(`^${word}$`);
    for (const size of [3, 4]) {
      for (let from = 0; from + size <= padded.length; from++) add(`c ${padded.slice(from, from + size).join("")}`);
    }
  });
  return counts;
}

/** A run of letters, marks and digits, or another sign: an emoji is a word. */
const WORD = /[\p{L}\p{M}\p{N}]+|[^\s\p{P}\p{C}]/gu;

/** Features can cancel each other out, and a text can have none: its own hash then names the dimension. */
function normalised(vector: Float32Array, text: string): Float32Array {
  const length = Math.hypot(...vector);
  if (length > 0) return vector.map((value) => value / length);
  vector[fnv1a(text) % vector.length] = 1;
  return vector;
}

/** FNV-1a, mixed once more: its lowest bits alone are too regular. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
