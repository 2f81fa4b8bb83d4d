import { join } from "node:path";
import type { Call } from "./command.ts";
import { settingOf } from "./database-target.ts";
import { runningApp } from "./whereabouts.ts";

const NAMES = ["AzureWebJobsStorage", "AzureWebJobsStorage__accountName", "AzureWebJobsStorage__clientId"] as const;

/** What says where the blobs are: the environment, or else local.settings.json, or else the local stack that runs; or nothing. */
export async function storageSettings(call: Pick<Call, "env" | "root">): Promise<Readonly<Record<string, string>>> {
  const file = join(call.root, "local.settings.json");
  const written = await Promise.all(NAMES.map((name) => settingOf(file, name)));
  const sources = [
    Object.fromEntries(NAMES.map((name) => [name, call.env[name]?.trim()])),
    Object.fromEntries(NAMES.map((name, place) => [name, written[place]])),
    (await runningApp(call))?.settings ?? {},
  ];
  const found = sources.find(namesStorage) ?? {};
  return Object.fromEntries(NAMES.flatMap((name) => (found[name] ? [[name, found[name]]] : [])));
}

/** What Azure's tools write for development means the storage of the stack that runs. */
function namesStorage(settings: Readonly<Record<string, string | undefined>>): boolean {
  const { AzureWebJobsStorage: connection, AzureWebJobsStorage__accountName: account } = settings;
  return Boolean(account) || (Boolean(connection) && connection !== "UseDevelopmentStorage=true");
}
