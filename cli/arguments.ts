import { parseArgs } from "node:util";
import { suggestion } from "#settings/suggestion.ts";
import { type Call, type Command, INVOCATION, type Option } from "./command.ts";
import { WrongUsage } from "./failure.ts";
import { usageOf } from "./help.ts";
import { quantity } from "./outcome.ts";

/**
 * Reads what stands behind the command's name.
 * @throws WrongUsage naming the argument or option that is missing, unknown, given twice or wrong
 */
export function readArguments(
  name: string,
  command: Command,
  args: readonly string[],
): Pick<Call, "arguments" | "options"> {
  const { tokens } = parseArgs({
    args: withValues(command, args),
    options: Object.fromEntries(
      Object.entries(command.options).map(([option, { placeholder }]) => [
        option,
        { type: placeholder === undefined ? ("boolean" as const) : ("string" as const) },
      ]),
    ),
    // Strict parsing has its own messages, which know neither the command nor what was meant.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const options: Record<string, unknown> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const option = known(name, command, token.rawName, token.name);
    const value = readOption(name, option, token);
    if (!(token.name in options)) options[token.name] = value;
    else if (option.join) options[token.name] = option.join(options[token.name], value);
    else throw new WrongUsage(`${name}: ${token.rawName} is given twice.`);
  }
  return { arguments: readPositionals(name, command, positionals), options };
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function known(name: string, command: Command, rawName: string, option: string): Option<unknown> {
  const found = Object.hasOwn(command.options, option) ? command.options[option] : undefined;
  if (found && rawName.startsWith("--")) return found;
  const meant = suggestion(option, Object.keys(command.options));
  throw new WrongUsage(
    `${name}: unknown option ${rawName}; ${meant ? `did you mean --${meant}?` : `${INVOCATION} ${name} --help lists them.`}`,
  );
}

function readOption(name: string, option: Option<unknown>, { rawName, value, inlineValue }: OptionToken): unknown {
  if (option.placeholder === undefined) {
    if (value === undefined) return true;
    throw new WrongUsage(`${name}: ${rawName} takes no value, got ${JSON.stringify(value)}.`);
  }
  if (value === ALONE && "alone" in option) return option.alone;
  if (!value || (!inlineValue && /^--?[a-z]/i.test(value))) {
    throw new WrongUsage(`${name}: ${rawName} needs a value: ${rawName} ${option.placeholder}.`);
  }
  try {
    return option.read(value);
  } catch (error) {
    throw new WrongUsage(`${name}: ${rawName}: expected ${(error as Error).message}, got ${JSON.stringify(value)}.`);
  }
}

/** Stands for the value of an option that stands alone. No argument can be it: the system ends them at this character. */
const ALONE = "\0";

/** An option whose value may be missing takes the next argument only if that is a number: `--wait 30`, but `--wait '{}'`. */
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
    throw new WrongUsage(
      `${name}: expected ${names}, got ${quantity(given.length, "argument")}${command.tooMany ? `: ${command.tooMany}` : "."}`,
    );
  }
  return Object.fromEntries(
    expected.map(([each, { optional }], index) => {
      if (given[index] === undefined && !optional) {
        throw new WrongUsage(`${name}: <${each}> is missing; it goes ${INVOCATION} ${usageOf(name, command)}`);
      }
      // Absent where it is optional, as the command's own type says.
      return [each, given[index] as string];
    }),
  );
}
