import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { localEmbedder } from "#providers/embeddings/local-embedder.ts";

const { signal } = new AbortController();
const embedder = localEmbedder(384);

async function similarity(first: string, second: string): Promise<number> {
  const { vectors } = await embedder.embed([first, second], signal);
  return vectors[0]!.reduce((sum, value, i) => sum + value * vectors[1]![i]!, 0);
}

describe("the local embedder", () => {
  it("gives the same vector for a text at any time and on any machine", async () => {
    const { vectors } = await localEmbedder(32).embed(["Backups run at two."], signal);
    const again = await localEmbedder(32).embed(["Backups run at two."], signal);
    expect(again.vectors).toEqual(vectors);
    // A changed hash would make every stored vector useless.
    expect([...vectors[0]!.slice(0, 8)].map((value) => value.toFixed(3)).join(" ")).toBe(
      "0.267 0.329 -0.079 0.000 0.000 0.000 0.126 0.000",
    );
  });

  it.each(["", " ", "\0", "!?", "🦀🦀", "ß".repeat(100_000), "\ud800", "的".repeat(5_000)])(
    "gives a vector of length 1 for %j",
    async (text) => {
      const { vectors } = await embedder.embed([text], signal);
      expect(Math.hypot(...vectors[0]!)).toBeCloseTo(1, 5);
    },
  );

  it("gives a vector of length 1 for any text", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), fc.integer({ min: 32, max: 2_000 }), async (text, dimensions) => {
        const { vectors } = await localEmbedder(dimensions).embed([text], signal);
        expect(vectors[0]).toHaveLength(dimensions);
        expect(Math.hypot(...vectors[0]!)).toBeCloseTo(1, 5);
      }),
    );
  });

  it("finds texts of the same words similar, and a wrong spelling more similar than another subject", async () => {
    expect(await similarity("Backups run at two.", "Backups run at TWO!")).toBeGreaterThan(0.999);
    const misspelled = await similarity("The backup of the database", "The bakcup of the databse");
    expect(misspelled).toBeGreaterThan(await similarity("The backup of the database", "The price of the house"));
  });

  it("compares subjects rather than the small words around them", async () => {
    const sameSubject = await similarity("How do I restore a backup?", "restore backup");
    expect(sameSubject).toBeGreaterThan(await similarity("How do I restore a backup?", "How do I paint a wall?"));
  });
});
