import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { applyMigrations } from "#data/apply-migrations.ts";
import { discardPostgres, startPostgres } from "#local/postgres/start-postgres.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** A PostgreSQL whose user may create databases. */
    databaseServer: string;
    /** Name of a database there that has all migrations and nothing else. */
    migratedTemplate: string;
  }
}

const PREFIX = "rota-tests-";

/**
 * One PostgreSQL for the whole run: the one of TEST_DATABASE_URL, or else an embedded one in a temporary directory,
 * without fsync, as nothing in it has to survive.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) return provide(project, given);
  await sweepKilledRuns();
  const dataDirectory = await mkdtemp(join(tmpdir(), PREFIX));
  const server = await startPostgres({
    dataDirectory,
    settings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "300" },
  });
  const dropTemplate = await provide(project, server.url);
  return async () => {
    await dropTemplate();
    await server.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  };
}

/** Makes the template that databases of test files are copies of, and tells the tests where everything is. */
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

/** A run that was killed has left its server and its directory. One that is this fresh may be about to lock its directory. */
async function sweepKilledRuns(): Promise<void> {
  const fresh = Date.now() - 10 * 60_000;
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const directory = join(tmpdir(), name);
    const { birthtimeMs } = await stat(directory).catch(() => ({ birthtimeMs: fresh }));
    if (birthtimeMs < fresh) await discardPostgres(directory, { waitMs: 0 }).catch(() => undefined);
  }
}
