import { type Command, INVOCATION } from "./command.ts";
import { commands } from "./commands.ts";
import type { Paint } from "./output.ts";

/** What `help` shows. */
export function overview(paint: Paint): string {
  return [
    `${paint("bold", "rota")}  lists and controls the jobs of a running app, local or deployed`,
    "",
    `${paint("dim", "Usage:")}  ${INVOCATION} <command> [arguments] [options]`,
    "",
    ...aligned(Object.entries(commands).map(([name, { summary }]) => [paint("cyan", name), name.length, summary])),
    "",
    `${INVOCATION} <command> --help explains a command.`,
    "",
    "The app is the one that npm start runs in this folder, or the one that these variables name:",
    ...aligned([
      [paint("cyan", "ROTA_STATE"), 10, "the state folder of npm start, default .rota"],
      [paint("cyan", "ROTA_URL"), 8, "its address, such as https://my-app.azurewebsites.net"],
      [paint("cyan", "ROTA_KEY"), 8, "one of its function keys"],
    ]),
    "",
    "Exit codes: 0 success, 1 failure (or the run did not succeed), 2 wrong usage.",
  ].join("\n");
}

/** What `<command> --help` shows. */
export function helpOf(name: string, summary: string, command: Command, paint: Paint): string {
  const given = [
    ...Object.entries(command.arguments).map(([each, { about }]) => entry(`<${each}>`, about, paint)),
    ...Object.entries(command.options).map(([each, { placeholder, about }]) =>
      entry(`--${each}${placeholder ? ` ${placeholder}` : ""}`, about, paint),
    ),
  ];
  return [
    `${paint("bold", name)}  ${summary}`,
    "",
    `${paint("dim", "Usage:")}  ${INVOCATION} ${usageOf(name, command)}`,
    ...(given.length ? ["", ...aligned(given)] : []),
    "",
    paint("dim", command.examples.length > 1 ? "Examples:" : "Example:"),
    ...command.examples.map((example) => `  ${INVOCATION} ${example}`),
  ].join("\n");
}

/** `run <job> [<json>] [--wait [<seconds>]] [--json]`; more than three options are shortened to `[options]`. */
export function usageOf(name: string, command: Command): string {
  const given = Object.entries(command.arguments).map(([each, { optional }]) =>
    optional ? `[<${each}>]` : `<${each}>`,
  );
  const options = Object.entries(command.options).map(
    ([each, { placeholder }]) => `[--${each}${placeholder ? ` ${placeholder}` : ""}]`,
  );
  return [name, ...given, ...(options.length > MOST_OPTIONS ? ["[options]"] : options)].join(" ");
}

const MOST_OPTIONS = 3;

type Entry = readonly [term: string, width: number, about: string];

function entry(term: string, about: string, paint: Paint): Entry {
  return [paint("cyan", term), term.length, about];
}

function aligned(entries: readonly Entry[]): string[] {
  const widest = Math.max(...entries.map(([, width]) => width));
  return entries.map(([term, width, about]) => `  ${term}${" ".repeat(widest - width)}  ${about}`);
}
