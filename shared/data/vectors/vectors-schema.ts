import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  customType,
  foreignKey,
  index,
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
 * Retention: kept as long as their entity, with which they are deleted.
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
