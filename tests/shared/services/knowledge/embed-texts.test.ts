import { afterEach, expect, it } from "vitest";
import type { Embedder } from "#providers/embedder.ts";
import { localEmbedder } from "#providers/embeddings/local-embedder.ts";
import { embedTexts } from "#services/knowledge/embed-texts.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";

const { db } = await openDatabase();
const signal = new AbortController().signal;
afterEach(async () => {
  await emptyTables(db, ["vectors.cached_embeddings"]);
});

/** An embedder that notes the texts of each call. */
function watched(embedder: Embedder) {
  const calls: (readonly string[])[] = [];
  const embed: Embedder["embed"] = (texts, signal) => {
    calls.push(texts);
    return embedder.embed(texts, signal);
  };
  return { calls, embedder: { ...embedder, embed } };
}

it("embeds a text once, whether it occurs twice in a call or in two calls", async () => {
  const { calls, embedder } = watched(localEmbedder(64));
  const first = await embedTexts({ db, embedder, signal }, ["one", "two", "one"]);
  expect(first.generated).toBe(2);
  expect(first.vectors[0]).toEqual(first.vectors[2]);
  const second = await embedTexts({ db, embedder, signal }, ["three", "two"]);
  expect(second.generated).toBe(1);
  expect(second.vectors[1]).toEqual(first.vectors[1]);
  expect(calls).toEqual([["one", "two"], ["three"]]);
});

it("embeds a text again for another model", async () => {
  const texts = ["one"];
  await embedTexts({ db, embedder: localEmbedder(64), signal }, texts);
  const other = await embedTexts({ db, embedder: localEmbedder(32), signal }, texts);
  expect(other.generated).toBe(1);
  expect(other.vectors[0]).toHaveLength(32);
});

it("makes no statement and no call for no texts", async () => {
  const { calls, embedder } = watched(localEmbedder(64));
  expect(await embedTexts({ db, embedder, signal }, [])).toEqual({ vectors: [], generated: 0, tokens: 0 });
  expect(calls).toEqual([]);
});
