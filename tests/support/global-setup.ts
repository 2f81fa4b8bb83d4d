import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { discardPostgres, startPostgres } from "../../local/postgres/start.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** A PostgreSQL whose user may create databases. */
    databaseServer: string;
  }
}

const PREFIX = "rota-tests-";

/**
 * One PostgreSQL for the whole run: the one of TEST_DATABASE_URL, or else an embedded one in a temporary directory,
 * without fsync, as nothing in it has to survive.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) {
    project.provide("databaseServer", given);
    return async () => undefined;
  }
  await sweepKilledRuns();
  const dataDirectory = await mkdtemp(join(tmpdir(), PREFIX));
  const server = await startPostgres({
    dataDirectory,
    settings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "300" },
  });
  project.provide("databaseServer", server.url);
  return async () => {
    await server.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  };
}

/** A run that was killed has left its server and its directory. One that is this fresh may be about to lock its directory. */
async function sweepKilledRuns(): Promise<void> {
  const fresh = Date.now() - 10 * 60_000;
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const directory = join(tmpdir(), name);
    const { birthtimeMs } = await stat(directory).catch(() => ({ birthtimeMs: fresh }));
    if (birthtimeMs < fresh) await discardPostgres(directory, { patienceMs: 0 }).catch(() => undefined);
  }
}
