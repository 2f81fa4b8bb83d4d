import type { Setting } from "#settings/setting.ts";
import type { Output } from "./output.ts";

/** How a person calls this program, as help and messages print it. */
export const INVOCATION = "npm run rota --";

export interface Argument {
  readonly about: string;
  readonly optional?: true;
}

/** `--name <placeholder>`, or `--name` alone when it has no placeholder. Read like a setting of the app. */
export interface Option<T> extends Setting<T> {
  readonly placeholder?: string;
  /** The value of the option when it is given without one. */
  readonly alone?: T;
  /** Combines the values of an option that may be given several times. */
  join?(before: T, next: T): T;
}

export type Arguments = Readonly<Record<string, Argument>>;
export type Options = Readonly<Record<string, Option<unknown>>>;

/** What a command receives. */
export interface CommandContext<A extends Arguments = Arguments, O extends Options = Options> {
  readonly arguments: { readonly [K in keyof A]: A[K] extends { optional: true } ? string | undefined : string };
  readonly options: { readonly [K in keyof O]: (O[K] extends Option<infer T> ? T : never) | undefined };
  readonly out: Output;
  readonly env: NodeJS.ProcessEnv;
  /** The project's folder: npm starts its scripts there. */
  readonly root: string;
}

/** One command as a value. `run` resolves with the exit code; a `CommandError` that it throws is printed. */
export interface Command<A extends Arguments = Arguments, O extends Options = Options> {
  readonly arguments: A;
  readonly options: O;
  /** Lines for `--help`: what follows `npm run rota --`. */
  readonly examples: readonly string[];
  /** A hint for a call with too many arguments. */
  readonly tooMany?: string;
  run(call: CommandContext<A, O>): Promise<number>;
}

export function defineCommand<const A extends Arguments, const O extends Options>(command: Command<A, O>): Command {
  return command;
}

/** An option without a value. */
export function flag(about: string): Option<true> {
  return { about, read: () => true };
}
