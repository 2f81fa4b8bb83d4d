import { parseArgs } from "node:util";
import { suggestion } from "#text/suggestion.ts";
import { type Command, type CommandContext, INVOCATION, type Option } from "./command.ts";
import { UsageError } from "./command-errors.ts";
import { usageOf } from "./help.ts";
import { quantity } from "./text-format.ts";

/**
 * Reads the arguments and options of a command.
 * @throws UsageError naming the argument or option that is missing, unknown, given twice or wrong
 */
export function readArguments(
  name: string,
  command: Command,
  args: readonly string[],
): Pick<CommandContext, "arguments" | "options"> {
  const { tokens } = parseArgs({
    args: withValues(command, args),
    options: Object.fromEntries(
      Object.entries(command.options).map(([option, { placeholder }]) => [
        option,
        { type: placeholder === undefined ? ("boolean" as const) : ("string" as const) },
      ]),
    ),
    // The messages of strict parsing contain neither the command nor a suggestion.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const options: Record<string, unknown> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const option = findOption(name, command, token.rawName, token.name);
    const value = readOption(name, option, token);
    if (!(token.name in options)) options[token.name] = value;
    else if (option.join) options[token.name] = option.join(options[token.name], value);
    else throw new UsageError(`${name}: ${token.rawName} is given twice.`);
  }
  return { arguments: readPositionals(name, command, positionals), options };
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function findOption(name: string, command: Command, rawName: string, option: string): Option<unknown> {
  const found = Object.hasOwn(command.options, option) ? command.options[option] : undefined;
  if (found && rawName.startsWith("--")) return found;
  const meant = suggestion(option, Object.keys(command.options));
  throw new UsageError(
    `${name}: unknown option ${rawName}; ${meant ? `did you mean --${meant}?` : `${INVOCATION} ${name} --help lists the options.`}`,
  );
}

function readOption(name: string, option: Option<unknown>, { rawName, value, inlineValue }: OptionToken): unknown {
  if (option.placeholder === undefined) {
    if (value === undefined) return true;
    throw new UsageError(`${name}: ${rawName} takes no value, got ${JSON.stringify(value)}.`);
  }
  if (value === ALONE && "alone" in option) return option.alone;
  if (!value || (!inlineValue && /^--?[a-z]/i.test(value))) {
    throw new UsageError(`${name}: ${rawName} needs a value: ${rawName} ${option.placeholder}.`);
  }
  try {
    return option.read(value);
  } catch (error) {
    throw new UsageError(`${name}: ${rawName}: expected ${(error as Error).message}, got ${JSON.stringify(value)}.`);
  }
}

/** Marks an option without a value. No argument can contain this character. */
const ALONE = "\0";

/**
 * An option with an optional value takes the next argument only if that is a number: `--wait 30`, but `--wait '{}'`.
 */
function withValues(command: Command, args: readonly string[]): string[] {
  return args.map((arg, index) => {
    const option = arg.startsWith("--") ? command.options[arg.slice(2)] : undefined;
    if (!option || !("alone" in option) || /^\d/.test(args[index + 1] ?? "")) return arg;
    return `${arg}=${ALONE}`;
  });
}

function readPositionals(name: string, command: Command, given: readonly string[]): Record<string, string> {
  const expected = Object.entries(command.arguments);
  if (given.length > expected.length) {
    const names =
      expected.length === 0 ? "no arguments" : `only ${expected.map(([each]) => `<${each}>`).join(" and ")}`;
    throw new UsageError(
      `${name}: expected ${names}, got ${quantity(given.length, "argument")}${command.tooMany ? `: ${command.tooMany}` : "."}`,
    );
  }
  return Object.fromEntries(
    expected.map(([each, { optional }], index) => {
      if (given[index] === undefined && !optional) {
        throw new UsageError(`${name}: <${each}> is missing; usage: ${INVOCATION} ${usageOf(name, command)}`);
      }
      // Undefined only for an optional argument, as the type of `Command` declares.
      return [each, given[index] as string];
    }),
  );
}
