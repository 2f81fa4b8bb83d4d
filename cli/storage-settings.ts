import { join } from "node:path";
import type { CommandContext } from "./command.ts";
import { runningApp } from "./connection-info.ts";
import { settingOf } from "./database-target.ts";

const NAMES = ["AzureWebJobsStorage", "AzureWebJobsStorage__accountName", "AzureWebJobsStorage__clientId"] as const;

/** The blob storage's settings: of the environment, or else local.settings.json, or else the running local stack. */
export async function storageSettings(
  call: Pick<CommandContext, "env" | "root">,
): Promise<Readonly<Record<string, string>>> {
  const file = join(call.root, "local.settings.json");
  const written = await Promise.all(NAMES.map((name) => settingOf(file, name)));
  const sources = [
    Object.fromEntries(NAMES.map((name) => [name, call.env[name]?.trim()])),
    Object.fromEntries(NAMES.map((name, index) => [name, written[index]])),
    (await runningApp(call))?.settings ?? {},
  ];
  const found = sources.find(hasStorage) ?? {};
  return Object.fromEntries(NAMES.flatMap((name) => (found[name] ? [[name, found[name]]] : [])));
}

/** `UseDevelopmentStorage=true`, which Azure's tools write for development, means the storage of the local stack. */
function hasStorage(settings: Readonly<Record<string, string | undefined>>): boolean {
  const { AzureWebJobsStorage: connection, AzureWebJobsStorage__accountName: account } = settings;
  return Boolean(account) || (Boolean(connection) && connection !== "UseDevelopmentStorage=true");
}
