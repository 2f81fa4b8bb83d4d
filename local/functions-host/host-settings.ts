/** The app's settings: usually `process.env`. */
export type Settings = Readonly<Record<string, string | undefined>>;

/**
 * Replaces every `%NAME%` by that setting.
 *
 * @throws Error naming the setting when it is missing
 */
export function resolveSettings(text: string, settings: Settings): string {
  return text.replace(/%([^%]+)%/g, (_, name: string) => {
    const value = settings[name];
    if (value === undefined) throw new Error(`"${text}" needs the setting ${name}, which is missing. Set ${name}.`);
    return value;
  });
}

/** Whether `AzureWebJobs.<name>.Disabled`, or its Linux spelling with `__`, is true or 1. */
export function isDisabled(functionName: string, settings: Settings): boolean {
  const value =
    settings[`AzureWebJobs.${functionName}.Disabled`] ?? settings[`AzureWebJobs__${functionName}__Disabled`];
  return value !== undefined && /^\s*(?:true|1)\s*$/i.test(value);
}

/**
 * The connection string that a trigger's `connection` names.
 *
 * @throws Error when the setting is missing, or is an identity-based connection, which works only on Azure
 */
export function connectionString(connection: string, settings: Settings): string {
  const name = resolveSettings(connection, settings);
  const value = settings[name] ?? settings[`AzureWebJobs${name}`];
  if (value) return value;
  const identity = `${name}__fullyQualifiedNamespace`;
  const got =
    settings[identity] === undefined ? "it is missing" : `only ${identity} is set, which needs an identity of Azure`;
  throw new Error(`its connection needs the setting ${name} with a connection string, but ${got}. Set ${name}.`);
}
