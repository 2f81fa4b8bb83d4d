import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { applyMigrations } from "#data/migrate.ts";
import { discardPostgres, startPostgres } from "#local/postgres/start.ts";

/** Databases with all tables and no rows, each as many times as wanted, and none of them kept. */
export interface ThrowAwayDatabases {
  create(): Promise<{ readonly url: string; drop(): Promise<void> }>;
  close(): Promise<void>;
}

const MIGRATIONS = join(import.meta.dirname, "../../shared/data/migrations");

/**
 * @param serverUrl a server whose user may create databases; without one an own server is started in a temporary directory
 */
export async function throwAwayDatabases(serverUrl: string | undefined): Promise<ThrowAwayDatabases> {
  if (serverUrl) return databasesOn(serverUrl, async () => undefined);
  const dataDirectory = await mkdtemp(join(tmpdir(), "rota-time-machine-"));
  const discard = () => discardPostgres(dataDirectory);
  try {
    const server = await startPostgres({
      dataDirectory,
      // Nothing in it has to survive.
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

async function databasesOn(serverUrl: string, stopServer: () => Promise<void>): Promise<ThrowAwayDatabases> {
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
      await server.end();
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
