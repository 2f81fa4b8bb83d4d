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
} from "drizzle-orm/pg-core";

export const vectors = pgSchema("vectors");

const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => "bytea" });
const isHash = sql`octet_length(content_hash) = 32`;
const isVector = sql`octet_length(vector) > 0 and octet_length(vector) % 4 = 0`;

/**
 * Embeddings by the text that they are of, so that a text is embedded once per model. A vector is a series of
 * little-endian float32.
 * Retention: kept until a job deletes those that no text has used for long.
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
 * Retention: deleted with their entity.
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
 * Sets whose pgvector index found the nearest well enough when it was measured: see `maintainIndex`. The search
 * scans the codes of every other set.
 * Retention: kept, one row per kind of entity and model.
 */
export const indexes = vectors.table(
  "indexes",
  {
    kind: text().notNull(),
    model: text().notNull(),
    /** Candidates that the index looks at for one query: `hnsw.ef_search`. */
    efSearch: integer("ef_search").notNull(),
    /** The share of the true five nearest that it found, from 0 to 1. */
    recall: doublePrecision().notNull(),
    measuredAt: timestamp("measured_at", { withTimezone: true, precision: 3 }).notNull(),
  },
  (set) => [
    primaryKey({ name: "indexes_set", columns: [set.kind, set.model] }),
    check("indexes_recall", sql`recall between 0 and 1`),
    check("indexes_ef_search", sql`ef_search between 1 and 1000`),
  ],
);
