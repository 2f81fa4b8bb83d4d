import postgres from "postgres";
import { connect } from "#data/client.ts";
import { storeVectors, type VectorSet } from "#data/vectors/vector-items.ts";

const BATCH = 1_000;

/** Stores vectors as the app does, then lets PostgreSQL note what it needs to read them quickly. */
export async function loadVectors(
  url: string,
  set: VectorSet,
  { count, vector }: { readonly count: number; readonly vector: (id: number) => Float32Array },
): Promise<void> {
  const db = connect({ url, poolMax: 2, idleMs: 60_000, tls: "disable", prepare: true });
  for (let from = 1; from <= count; from += BATCH) {
    const rows = Array.from({ length: Math.min(BATCH, count - from + 1) }, (_, i) => {
      const contentHash = Buffer.alloc(32);
      contentHash.writeUInt32LE(from + i);
      return { id: from + i, contentHash, vector: vector(from + i) };
    });
    await storeVectors(db, set, rows);
  }
  await db.$client.end();
  const sql = postgres(url, { max: 1 });
  await sql`vacuum analyze vectors.items, vectors.codes`;
  await sql`checkpoint`;
  await sql.end();
}
