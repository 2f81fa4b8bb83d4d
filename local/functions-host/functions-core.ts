import { registerHooks } from "node:module";
import { type Log, type LogEntry, messageOf } from "./host-log.ts";
import type { FunctionMetadata, Handler, LogCategory, LogLevel, ProgrammingModel } from "./worker-contract.ts";

/** A function that the app registered while it was loaded. */
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

/** The emulated `@azure/functions-core`: the app's registrations, hooks and log. */
export interface FunctionsCore {
  readonly registrations: readonly Registration[];
  programmingModel(): ProgrammingModel | undefined;
  /** Ends the registration of functions. */
  endStartup(): void;
  /** Runs the hooks of this name sequentially, in the order of their registration. */
  runHooks(name: Exclude<HookName, "log">, context: Record<string, unknown>): Promise<void>;
  /** Writes a log line of the app, after the log hooks. */
  logFromApp(
    line: { level: LogLevel; category: LogCategory; message: string; invocationContext?: unknown },
    about: Pick<LogEntry, "functionName" | "invocationId">,
  ): void;
}

/** The host version for `@azure/functions`, which requires 4.28 for HTTP streams and 4.34 for log hooks. */
const HOST_VERSION = "4.1040.0.0";
const SPECIFIER = "@azure/functions-core";
const EMULATED_URL = "functions-core:emulated";
const EMULATED = Symbol.for("rota.local.functions-core");

/**
 * Resolves every import or require of `@azure/functions-core` in this process from now on, and collects the app's
 * registrations. One app per process: Node and `@azure/functions` keep their modules for the lifetime of the process.
 *
 * @throws Error at a second call in this process
 */
export function emulateFunctionsCore(log: Log): FunctionsCore {
  const globals = globalThis as { [EMULATED]?: unknown };
  if (globals[EMULATED]) {
    throw new Error("This process has started a Functions host already. Start each host in its own process.");
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

  globals[EMULATED] = {
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

/** Serves the emulated module as CommonJS: `@azure/functions` requires it, in an ESM bundle through createRequire. */
function answerImports(): void {
  registerHooks({
    resolve: (specifier, context, nextResolve) =>
      specifier === SPECIFIER
        ? { url: EMULATED_URL, format: "commonjs", shortCircuit: true }
        : nextResolve(specifier, context),
    load: (url, context, nextLoad) =>
      url === EMULATED_URL
        ? {
            format: "commonjs",
            source: `module.exports = globalThis[Symbol.for(${JSON.stringify(EMULATED.description)})];`,
            shortCircuit: true,
          }
        : nextLoad(url, context),
  });
}

/** The `Disposable` of the programming model, which differs from the language's own. */
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
