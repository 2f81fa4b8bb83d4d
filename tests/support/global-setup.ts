import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { applyMigrations } from "#data/apply-migrations.ts";
import { discardPostgres, startPostgres } from "#local/postgres/start-postgres.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** A PostgreSQL server whose user may create databases. */
    databaseServer: string;
    /** The name of an empty migrated database on it. */
    migratedTemplate: string;
  }
}

const PREFIX = "rota-tests-";
const MEMORY = "/dev/shm";
const GIBIBYTE = 2 ** 30;

/**
 * One PostgreSQL for the whole test run: that of TEST_DATABASE_URL, or else an embedded one in a temporary directory,
 * without fsync, as its data need not survive a crash.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) return provide(project, given);
  const parent = await parentDirectory();
  await deleteLeftovers(parent);
  const dataDirectory = await mkdtemp(join(parent, PREFIX));
  const server = await startPostgres({
    dataDirectory,
    settings: {
      fsync: "off",
      synchronous_commit: "off",
      full_page_writes: "off",
      max_wal_size: "256MB",
      max_connections: "300",
    },
  });
  const dropTemplate = await provide(project, server.url);
  return async () => {
    await dropTemplate();
    await server.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  };
}

/** Creates the template of the test databases, and provides its name and the server's URL to the tests. */
async function provide(project: TestProject, serverUrl: string): Promise<() => Promise<void>> {
  const template = `rota_template_${randomBytes(6).toString("hex")}`;
  const url = new URL(serverUrl);
  url.pathname = `/${template}`;
  const server = postgres(serverUrl, { max: 1, onnotice: () => undefined });
  await server`CREATE DATABASE ${server(template)}`;
  await applyMigrations(url.href, join(import.meta.dirname, "../../shared/data/migrations"));
  project.provide("databaseServer", serverUrl);
  project.provide("migratedTemplate", template);
  return async () => {
    await server`DROP DATABASE IF EXISTS ${server(template)} WITH (FORCE)`;
    await server.end();
  };
}

/** In memory, if there is room: a disk takes longer to create and delete the 700 files of each test database. */
async function parentDirectory(): Promise<string> {
  const free = await statfs(MEMORY).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return free > 2 * GIBIBYTE ? MEMORY : tmpdir();
}

/**
 * Deletes servers and directories of killed test runs. A new directory may belong to a run that has not locked it yet.
 */
async function deleteLeftovers(parent: string): Promise<void> {
  const fresh = Date.now() - 10 * 60_000;
  for (const name of await readdir(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const directory = join(parent, name);
    const { birthtimeMs } = await stat(directory).catch(() => ({ birthtimeMs: fresh }));
    if (birthtimeMs < fresh) await discardPostgres(directory, { waitMs: 0 }).catch(() => undefined);
  }
}
