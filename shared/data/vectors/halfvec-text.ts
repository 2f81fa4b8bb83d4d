/**
 * A vector of length 1 as the text of pgvector's `halfvec`. Five decimals are as exact as 16 bits, and half as long as
 * all of them.
 */
export function halfvecText(vector: Float32Array): string {
  return `[${Array.from(vector, (value) => Math.round(value * 1e5) / 1e5).join(",")}]`;
}
