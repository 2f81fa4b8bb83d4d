import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { afterAll } from "vitest";
import { applyMigrations } from "#data/apply-migrations.ts";
import { connect, type Db } from "#data/client.ts";

/**
 * Opens an empty migrated database on a PostgreSQL that has pgvector, which the embedded one lacks: PGlite behind a
 * socket. It serves one connection alone, so give the app no second one. Call it at the top of a test file: it is
 * closed after the file.
 */
export async function openPgvector(): Promise<Db> {
  const server = await PGlite.create({ extensions: { vector } });
  const socket = new PGLiteSocketServer({ db: server, host: "127.0.0.1", port: 0 });
  await socket.start();
  const url = `postgres://postgres@${socket.getServerConn()}/postgres`;
  await applyMigrations(url, join(import.meta.dirname, "../../shared/data/migrations"));
  const db = connect({ url, poolMax: 1, idleMs: 600_000, tls: "disable", prepare: true });
  afterAll(async () => {
    await db.$client.end();
    await socket.stop();
    await server.close();
  });
  return db;
}
