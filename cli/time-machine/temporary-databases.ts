import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { applyMigrations } from "#data/apply-migrations.ts";
import { discardPostgres, startPostgres } from "#local/postgres/start-postgres.ts";

/** Creates empty migrated databases, and drops all of them at the end. */
export interface TemporaryDatabases {
  create(): Promise<{ readonly url: string; drop(): Promise<void> }>;
  close(): Promise<void>;
}

const MIGRATIONS = join(import.meta.dirname, "../../shared/data/migrations");

/**
 * @param serverUrl a server whose user may create databases; without one, starts a server in a temporary directory
 */
export async function temporaryDatabases(serverUrl: string | undefined): Promise<TemporaryDatabases> {
  if (serverUrl) return databasesOn(serverUrl, async () => undefined);
  const dataDirectory = await mkdtemp(join(tmpdir(), "rota-time-machine-"));
  const discard = () => discardPostgres(dataDirectory);
  try {
    const server = await startPostgres({
      dataDirectory,
      // The data need not survive a crash.
      settings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off" },
    });
    return await databasesOn(server.url, async () => {
      await server.stop();
      await discard();
    });
  } catch (error) {
    await discard();
    throw error;
  }
}

async function databasesOn(serverUrl: string, stopServer: () => Promise<void>): Promise<TemporaryDatabases> {
  const server = postgres(serverUrl, { max: 1, onnotice: () => undefined });
  const names = new Set<string>();
  const create = async (template: string) => {
    const name = `rota_time_machine_${randomBytes(6).toString("hex")}`;
    await server`create database ${server(name)} template ${server(template)}`;
    names.add(name);
    return name;
  };
  const drop = async (name: string) => {
    await server`drop database if exists ${server(name)} with (force)`;
    names.delete(name);
  };
  const close = async () => {
    try {
      for (const name of names) await drop(name);
    } finally {
      await server.end({ timeout: 5 });
      await stopServer();
    }
  };
  try {
    const template = await create("template1");
    await applyMigrations(urlOf(serverUrl, template), MIGRATIONS);
    return {
      async create() {
        const name = await create(template);
        return { url: urlOf(serverUrl, name), drop: () => drop(name) };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}
