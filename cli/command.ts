import type { Setting } from "#settings/setting.ts";
import type { Output } from "./output.ts";

/** How a person calls this program; what messages and help tell them to type. */
export const INVOCATION = "npm run rota --";

export interface Argument {
  readonly about: string;
  readonly optional?: true;
}

/** `--name <placeholder>`, or `--name` alone when it has no placeholder. Read as the app's own settings are. */
export interface Option<T> extends Setting<T> {
  readonly placeholder?: string;
  /** The option may also stand alone, and then means this. */
  readonly alone?: T;
  /** The option may stand several times; this puts together what was read. */
  join?(before: T, next: T): T;
}

export type Arguments = Readonly<Record<string, Argument>>;
export type Options = Readonly<Record<string, Option<unknown>>>;

/** What a command gets to work with. */
export interface Call<A extends Arguments = Arguments, O extends Options = Options> {
  readonly arguments: { readonly [K in keyof A]: A[K] extends { optional: true } ? string | undefined : string };
  readonly options: { readonly [K in keyof O]: (O[K] extends Option<infer T> ? T : never) | undefined };
  readonly out: Output;
  readonly env: NodeJS.ProcessEnv;
  /** The project's folder: npm starts its scripts there. */
  readonly root: string;
}

/** One command as a value. `run` answers with the exit code; what it throws as a `Failure` is printed. */
export interface Command<A extends Arguments = Arguments, O extends Options = Options> {
  readonly arguments: A;
  readonly options: O;
  /** Lines for `--help`: what follows `npm run rota --`. */
  readonly examples: readonly string[];
  /** A hint for whoever writes more arguments than there are. */
  readonly tooMany?: string;
  run(call: Call<A, O>): Promise<number>;
}

export function defineCommand<const A extends Arguments, const O extends Options>(command: Command<A, O>): Command {
  return command;
}

/** An option that is there or not. */
export function flag(about: string): Option<true> {
  return { about, read: () => true };
}
