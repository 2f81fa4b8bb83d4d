import { randomBytes, randomUUID } from "node:crypto";
import type { FunctionDefinition } from "./function-definition.ts";
import type { FunctionsCore } from "./functions-core.ts";
import { currentInvocation, type Log, messageOf } from "./log.ts";
import type {
  CoreInvocationContext,
  Handler,
  InvocationRequest,
  InvocationResponse,
  ProgrammingModel,
} from "./worker-contract.ts";

/** A function, or one of its hooks, threw. `cause` is what it threw; it is in the log. */
export class FunctionFailedError extends Error {
  constructor(functionName: string, cause: unknown) {
    super(`Function "${functionName}" failed: ${messageOf(cause)}`, { cause });
    this.name = "FunctionFailedError";
  }
}

/** Runs functions, and knows which are running. */
export interface Invocations {
  /** Calls the function through its hooks. Rejects with FunctionFailedError, which has been logged. */
  invoke: (fn: FunctionDefinition, request: InvocationRequest, invocationId?: string) => Promise<InvocationResponse>;
  /** The names of the functions that run now, one per invocation. */
  running(): string[];
  /** Resolves when none runs. */
  idle(): Promise<void>;
}

/** `hookData` of the app lives as long as the app, and is given to the hooks of every invocation. */
export function createInvocations({
  core,
  model,
  log,
  appHookData,
}: {
  core: FunctionsCore;
  model: ProgrammingModel;
  log: Log;
  appHookData: Record<string, unknown>;
}): Invocations {
  const running = new Map<string, { name: string; done: Promise<unknown> }>();

  async function run(
    fn: FunctionDefinition,
    request: InvocationRequest,
    invocationId: string,
  ): Promise<InvocationResponse> {
    const about = { functionName: fn.name, invocationId };
    const known: { invocationContext?: unknown } = {};
    const coreContext: CoreInvocationContext = {
      invocationId,
      metadata: fn.metadata,
      request: { ...request, traceContext: request.traceContext ?? newTrace() },
      state: undefined,
      log(level, category, message) {
        core.logFromApp({ level, category, message, ...known }, about);
      },
    };
    const invocation = await model.getInvocationModel(coreContext);
    const { context, inputs } = await invocation.getArguments();
    known.invocationContext = context;

    const shared = { hookData: {}, appHookData, invocationContext: context };
    const before: Record<string, unknown> = { ...shared, functionCallback: fn.handler, inputs };
    await inState("preInvocationHooks", () => core.runHooks("preInvocation", before));

    const finalInputs = before["inputs"] as unknown[];
    const after: Record<string, unknown> = { ...shared, inputs: finalInputs, result: null, error: null };
    await inState("invocation", async () => {
      try {
        after["result"] = await invocation.invokeFunction(context, finalInputs, before["functionCallback"] as Handler);
      } catch (error) {
        after["error"] = error ?? new Error("The function failed without an error.");
      }
    });
    await inState("postInvocationHooks", () => core.runHooks("postInvocation", after));
    if (after["error"] !== null && after["error"] !== undefined) throw after["error"] as Error;
    return invocation.getResponse(context, after["result"]);

    async function inState(state: CoreInvocationContext["state"], act: () => Promise<void>): Promise<void> {
      coreContext.state = state;
      try {
        await act();
      } finally {
        coreContext.state = undefined;
      }
    }
  }

  return {
    async invoke(fn, request, invocationId = randomUUID()) {
      const about = { functionName: fn.name, invocationId };
      const done = currentInvocation.run(about, () => run(fn, request, invocationId));
      running.set(invocationId, { name: fn.name, done });
      try {
        return await done;
      } catch (error) {
        const detail = error instanceof Error ? (error.stack ?? messageOf(error)) : String(error);
        log({ at: new Date(), level: "error", source: "host", message: `The function failed: ${detail}`, ...about });
        throw new FunctionFailedError(fn.name, error);
      } finally {
        running.delete(invocationId);
      }
    },

    running: () => [...running.values()].map(({ name }) => name),

    async idle() {
      while (running.size > 0) await Promise.allSettled([...running.values()].map(({ done }) => done));
    },
  };
}

/** A W3C trace of its own for an invocation that nobody called with one. */
function newTrace(): { traceParent: string; traceState: string } {
  return { traceParent: `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-00`, traceState: "" };
}
