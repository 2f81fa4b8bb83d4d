import { randomBytes, randomUUID } from "node:crypto";
import type { FunctionDefinition } from "./function-definition.ts";
import type { FunctionsCore } from "./functions-core.ts";
import { currentInvocation, type Log, messageOf } from "./host-log.ts";
import type {
  CoreInvocationContext,
  Handler,
  InvocationRequest,
  InvocationResponse,
  ProgrammingModel,
} from "./worker-contract.ts";

/** A function or one of its hooks threw. `cause` is the error, which is logged already. */
export class FunctionFailedError extends Error {
  constructor(functionName: string, cause: unknown) {
    super(`Function "${functionName}" failed: ${messageOf(cause)}`, { cause });
    this.name = "FunctionFailedError";
  }
}

/** Invokes functions and tracks running invocations. */
export interface Invocations {
  /** Invokes the function with its hooks. Rejects with FunctionFailedError, which is logged already. */
  invoke: (fn: FunctionDefinition, request: InvocationRequest, invocationId?: string) => Promise<InvocationResponse>;
  /** The function names of the running invocations. */
  running(): string[];
  /** Resolves when no invocation runs. */
  idle(): Promise<void>;
}

/** @param appHookData shared by the hooks of all invocations, for the lifetime of the app */
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

/** A new W3C trace for an invocation without a trace context. */
function newTrace(): { traceParent: string; traceState: string } {
  return { traceParent: `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-00`, traceState: "" };
}
