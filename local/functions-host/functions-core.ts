import { registerHooks } from "node:module";
import { type Log, type LogEntry, messageOf } from "./log.ts";
import type { FunctionMetadata, Handler, LogCategory, LogLevel, ProgrammingModel } from "./worker-contract.ts";

/** What an app registered while it was loaded. */
export interface Registration {
  metadata: FunctionMetadata;
  handler: Handler;
}

export type HookName = "appStart" | "appTerminate" | "preInvocation" | "postInvocation" | "log";
export type Hook = (context: Record<string, unknown>) => unknown;

const HOOK_NAMES: readonly string[] = [
  "appStart",
  "appTerminate",
  "preInvocation",
  "postInvocation",
  "log",
] satisfies HookName[];

/** The app's side of the programming model, as collected through `@azure/functions-core`. */
export interface FunctionsCore {
  readonly registrations: readonly Registration[];
  programmingModel(): ProgrammingModel | undefined;
  /** From now on functions can no longer be registered. */
  endStartup(): void;
  /** Runs the hooks of this name one after the other, in the order of their registration. */
  runHooks(name: Exclude<HookName, "log">, context: Record<string, unknown>): Promise<void>;
  /** Writes a line of the app to the log, after its log hooks. */
  logFromApp(
    line: { level: LogLevel; category: LogCategory; message: string; invocationContext?: unknown },
    about: Pick<LogEntry, "functionName" | "invocationId">,
  ): void;
}

/** Version that `@azure/functions` sees as the host's: it demands 4.28 for HTTP streams and 4.34 for log hooks. */
const HOST_VERSION = "4.1040.0.0";
const SPECIFIER = "@azure/functions-core";
const STAND_IN_URL = "functions-core:stand-in";
const STAND_IN = Symbol.for("rota.local.functions-core");

/**
 * Answers every import or require of `@azure/functions-core` in this process from now on, and collects what the app
 * registers. One app per process: both Node and `@azure/functions` keep their modules for as long as the process lives.
 *
 * @throws Error when it was called in this process before
 */
export function standInForFunctionsCore(log: Log): FunctionsCore {
  const globals = globalThis as { [STAND_IN]?: unknown };
  if (globals[STAND_IN]) {
    throw new Error("A Functions host was started in this process before. Start each host in a process of its own.");
  }
  const registrations: Registration[] = [];
  const hooks = new Map<string, Set<Hook>>(HOOK_NAMES.map((name) => [name, new Set()]));
  let model: ProgrammingModel | undefined;
  let isStarting = true;

  const core: FunctionsCore = {
    registrations,
    programmingModel: () => model,
    endStartup: () => (isStarting = false),

    async runHooks(name, context) {
      for (const hook of hooks.get(name) ?? []) await hook(context);
    },

    logFromApp({ level, category, message, invocationContext }, about) {
      const line: Record<string, unknown> = { level, message, category, invocationContext };
      if (category === "user") {
        for (const hook of hooks.get("log") ?? []) {
          try {
            hook(line);
          } catch (error) {
            log({
              at: new Date(),
              level: "error",
              source: "host",
              message: `A log hook failed: ${messageOf(error)}`,
              ...about,
            });
          }
        }
      }
      if (line["level"] === "none") return;
      const source = category === "user" ? "app" : "library";
      log({ at: new Date(), level: line["level"] as LogLevel, source, message: String(line["message"]), ...about });
    },
  };

  globals[STAND_IN] = {
    version: "3.13.0",
    hostVersion: HOST_VERSION,
    Disposable: CoreDisposable,
    setProgrammingModel: (chosen: ProgrammingModel) => (model = chosen),
    getProgrammingModel: () => model,

    registerFunction(metadata: FunctionMetadata, handler: Handler) {
      if (!isStarting) throw new Error("A function can only be registered during app startup.");
      const registration = { metadata, handler };
      registrations.push(registration);
      return new CoreDisposable(() => registrations.splice(registrations.indexOf(registration), 1));
    },

    registerHook(name: string, hook: Hook) {
      const set = hooks.get(name);
      if (!set) throw new RangeError(`Unrecognized hook "${name}".`);
      set.add(hook);
      return new CoreDisposable(() => set.delete(hook));
    },

    log(level: LogLevel, category: LogCategory, message: string) {
      core.logFromApp({ level, category, message }, {});
    },
  };
  answerImports();
  return core;
}

/** Serves the stand-in as CommonJS: `@azure/functions` requires it, also out of an ESM bundle through createRequire. */
function answerImports(): void {
  registerHooks({
    resolve: (specifier, context, nextResolve) =>
      specifier === SPECIFIER
        ? { url: STAND_IN_URL, format: "commonjs", shortCircuit: true }
        : nextResolve(specifier, context),
    load: (url, context, nextLoad) =>
      url === STAND_IN_URL
        ? {
            format: "commonjs",
            source: `module.exports = globalThis[Symbol.for(${JSON.stringify(STAND_IN.description)})];`,
            shortCircuit: true,
          }
        : nextLoad(url, context),
  });
}

/** The disposable of the programming model, older than and other than the language's own. */
class CoreDisposable {
  #onDispose: (() => unknown) | undefined;

  constructor(onDispose: () => unknown) {
    this.#onDispose = onDispose;
  }

  static from(...disposables: { dispose(): unknown }[]): CoreDisposable {
    return new CoreDisposable(() => {
      for (const disposable of disposables) disposable.dispose();
    });
  }

  dispose(): unknown {
    const onDispose = this.#onDispose;
    this.#onDispose = undefined;
    return onDispose?.();
  }
}
