import { UsageError } from "./command-errors.ts";
import { readJsonInput } from "./json-input.ts";

/** The hint for a call with too many arguments: the shell has split the JSON. */
export const JSON_IN_QUOTES = "put the JSON in single quotes.";

/** Reads the argument `<json>` of a command. @returns undefined when it is absent */
export function jsonArgument(command: string, json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : readJsonInput(json);
  } catch (error) {
    throw new UsageError(`${command}: <json> is not valid JSON: ${(error as Error).message}.`);
  }
}
