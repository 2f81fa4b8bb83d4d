import { suggestion } from "#text/suggestion.ts";
import { readArguments } from "./arguments.ts";
import { INVOCATION } from "./command.ts";
import { CommandError, UsageError } from "./command-errors.ts";
import { type CommandEntry, commands } from "./commands.ts";
import { helpOf, overview } from "./help.ts";
import { type Output, outputTo, printable } from "./output.ts";

/** Runs the command that the arguments name. @returns the exit code: 0 success, 1 failure, 2 wrong usage */
export async function main(args: readonly string[]): Promise<number> {
  const out = outputTo(process.stdout);
  try {
    return await dispatch(args, out);
  } catch (error) {
    const errors = outputTo(process.stderr);
    if (error instanceof CommandError) {
      errors.line(errors.paint("red", printable(error.message)));
      return error.exitCode;
    }
    const { stack } = error as Partial<Error>;
    errors.line(errors.paint("red", `This is a bug in the command line itself: ${stack ?? String(error)}`));
    return 1;
  }
}

async function dispatch([name, ...rest]: readonly string[], out: Output): Promise<number> {
  if (name === undefined || isHelp(name)) return help(rest[0], out);
  const { load } = find(name);
  const untilEnd = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (untilEnd.some(isHelpOption)) return help(name, out);
  const command = await load();
  const given = readArguments(name, command, rest);
  return command.run({ ...given, out, env: process.env, root: process.cwd() });
}

async function help(name: string | undefined, out: Output): Promise<number> {
  if (name === undefined || isHelp(name)) {
    out.line(overview(out.paint));
  } else {
    const { summary, load } = find(name);
    out.line(helpOf(name, summary, await load(), out.paint));
  }
  return 0;
}

function find(name: string): CommandEntry {
  const found = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (found) return found;
  const meant = suggestion(name, [...Object.keys(commands), "help"]);
  throw new UsageError(
    `There is no command ${JSON.stringify(name)}; ${meant ? `did you mean ${meant}?` : `${INVOCATION} help lists all commands.`}`,
  );
}

function isHelp(name: string): boolean {
  return name === "help" || isHelpOption(name);
}

function isHelpOption(text: string): boolean {
  return text === "--help" || text === "-h";
}
