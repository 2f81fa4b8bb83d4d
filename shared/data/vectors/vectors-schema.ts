import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  customType,
  doublePrecision,
  foreignKey,
  index,
  integer,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  unique,
} from "drizzle-orm/pg-core";

export const vectors = pgSchema("vectors");

const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => "bytea" });
const isHash = sql`octet_length(content_hash) = 32`;
const isVector = sql`octet_length(vector) > 0 and octet_length(vector) % 4 = 0`;

/**
 * Embeddings by the text that they are of, so that a text is embedded once per model. A vector is a series of
 * little-endian float32.
 * Retention: `archive_old_records` deletes those that no text has used, after EMBEDDINGS_CACHE_DAYS.
 */
export const cachedEmbeddings = vectors.table(
  "cached_embeddings",
  {
    /** Name and dimensions of the embedder: see `Embedder.model`. */
    model: text().notNull(),
    /** SHA-256 of the text: see `contentHash`. */
    contentHash: bytea("content_hash").notNull(),
    vector: bytea().notNull(),
    /** When a text last asked for it, exact to a day. */
    usedAt: timestamp("used_at", { withTimezone: true, precision: 3 }).notNull(),
  },
  (cached) => [
    primaryKey({ name: "cached_embeddings_text", columns: [cached.model, cached.contentHash] }),
    index("cached_embeddings_by_use").on(cached.usedAt),
    check("cached_embeddings_hash", isHash),
    check("cached_embeddings_vector", isVector),
  ],
);

/**
 * The vectors among which the nearest are searched: one per entity and model.
 * Retention: `maintain_vectors` deletes those of a replaced model, at the end of its use; others go with their entity.
 */
export const items = vectors.table(
  "items",
  {
    /** What the entity is, such as `topic`. */
    kind: text().notNull(),
    model: text().notNull(),
    /** The entity's id in its kind. */
    id: bigint({ mode: "number" }).notNull(),
    /** SHA-256 of the text that was embedded: another one than the entity's means that its text has changed. */
    contentHash: bytea("content_hash").notNull(),
    vector: bytea().notNull(),
  },
  (item) => [
    primaryKey({ name: "items_entity", columns: [item.kind, item.model, item.id] }),
    check("items_hash", isHash),
    check("items_vector", isVector),
  ],
);

/**
 * The vectors of entities in a quarter of the bytes, which the search reads: see `codeOf`. Apart from the vectors, so
 * that it does not read those as well.
 * Retention: deleted with their item.
 */
export const codes = vectors.table(
  "codes",
  {
    kind: text().notNull(),
    model: text().notNull(),
    id: bigint({ mode: "number" }).notNull(),
    code: bytea().notNull(),
  },
  (code) => [
    primaryKey({ name: "codes_item", columns: [code.kind, code.model, code.id] }),
    foreignKey({
      name: "codes_of_item",
      columns: [code.kind, code.model, code.id],
      foreignColumns: [items.kind, items.model, items.id],
    }).onDelete("cascade"),
    check("codes_groups", sql`octet_length(code) > 4 and octet_length(code) % 8 = 4`),
  ],
);

/**
 * `filling`: its table gets the vectors, and no search uses it. `rejected`: it was measured and found too few of the
 * nearest. `failed`: building it, or a search by it, failed. The last two have no table.
 */
export type IndexState = "filling" | "ready" | "rejected" | "failed";

/**
 * The HNSW indexes of pgvector, one for each kind and model at most: the table `vectors.index_<id>` has the vectors of
 * one. This table, `indexChanges` and those tables are unlogged: a crash of PostgreSQL empties all of them together, so
 * that no index is used that has lost vectors. A backup leaves them out.
 * Retention: `maintain_vectors` deletes an index at the end of its model.
 */
export const indexes = vectors.table(
  "indexes",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    kind: text().notNull(),
    model: text().notNull(),
    dimensions: integer().notNull(),
    state: text().$type<IndexState>().notNull().default("filling"),
    /** The lowest `hnsw.ef_search` at which the recall was enough. */
    efSearch: integer("ef_search"),
    /** The share of the true nearest that it found, of `sampled` searches among `measuredVectors`. */
    recall: doublePrecision(),
    sampled: integer(),
    measuredVectors: bigint("measured_vectors", { mode: "number" }),
    measuredAt: timestamp("measured_at", { withTimezone: true, precision: 3 }),
    /** Vectors that it got, or lost, since it was measured. */
    changedSince: bigint("changed_since", { mode: "number" }).notNull().default(0),
    changedAt: timestamp("changed_at", { withTimezone: true, precision: 3 }).notNull(),
    /** Why it failed. */
    error: text(),
  },
  (each) => [
    unique("indexes_set").on(each.kind, each.model),
    check("indexes_state", sql`state in ('filling', 'ready', 'rejected', 'failed')`),
    check("indexes_ready", sql`state <> 'ready' or (ef_search is not null and recall is not null)`),
    check("indexes_error", sql`(state = 'failed') = (error is not null)`),
  ],
);

/**
 * The vectors that were added, replaced or deleted and that an index does not have yet: a search compares them as well.
 * Triggers of `items` write them in the transaction of the change, whichever version of the app makes it.
 * Retention: `maintain_vectors` deletes them with the batch that brings them into the index, at the end of the batch.
 */
export const indexChanges = vectors.table(
  "index_changes",
  {
    seq: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    indexId: bigint("index_id", { mode: "number" }).notNull(),
    /** The entity. */
    id: bigint({ mode: "number" }).notNull(),
  },
  (change) => [index("index_changes_of_index").on(change.indexId, change.seq)],
);
