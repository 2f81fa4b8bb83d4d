import { channel } from "node:diagnostics_channel";
import { join } from "node:path";
import { defineFunctions } from "./define-functions.ts";
import type { FunctionDefinition } from "./function-definition.ts";
import { emulateFunctionsCore } from "./functions-core.ts";
import { readHostJson } from "./host-json.ts";
import { captureConsole, type Log, logToStderr, messageOf } from "./host-log.ts";
import type { Settings } from "./host-settings.ts";
import { listen } from "./http-server.ts";
import { createInvocations } from "./invocations.ts";
import { finishSetup, importApp } from "./load-app.ts";
import type { MessageSource, OpenMessageSource } from "./message-source.ts";
import { onceAMinute } from "./repeated-errors.ts";
import { startServiceBusTrigger } from "./service-bus-trigger.ts";
import { HostStartupError } from "./startup-error.ts";
import { systemClock, type TimerClock } from "./timer-clock.ts";
import { timerStatusFiles } from "./timer-status.ts";
import { type RunningTimer, startTimer } from "./timer-trigger.ts";
import type { LogLevel } from "./worker-contract.ts";

export interface FunctionsHostOptions {
  /** The directory of host.json and of package.json, whose `main` is imported. */
  appDirectory: string;
  /** 0 takes a free port. */
  port: number;
  /** The interface to listen on. Default 127.0.0.1. */
  address?: string;
  /** The key of functions whose authLevel is function or admin, in `x-functions-key` or `?code=`. */
  hostKey: string;
  /** The directory of the timer status. Several hosts may share it. */
  stateDirectory: string;
  /** The settings for `%NAME%`, `connection` and `AzureWebJobs.<name>.Disabled`. */
  settings: Settings;
  /** The clock of the timers. Default: the system clock. */
  clock?: TimerClock;
  /** Receives each log line of the app and the host. Default: the important lines go to stderr. */
  log?: Log;
  /** Opens the queues of Service Bus triggers. Default: the real client, `openServiceBusSource`. */
  openMessageSource?: OpenMessageSource;
  /** The setting of the port, for the message when the port is in use. Default `port`. */
  portSetting?: string;
}

/** A description of a function that the host runs. */
export interface HostedFunction {
  name: string;
  trigger: "http" | "timer" | "serviceBus";
  isDisabled: boolean;
  /** HTTP: the route with its prefix, without a leading slash. */
  route?: string;
  /** HTTP, upper-case. */
  methods?: readonly string[];
  /** Timer: its NCRONTAB expression, in UTC, with settings resolved. */
  schedule?: string;
  /** Service Bus. */
  queueName?: string;
}

export interface FunctionsHost {
  address: URL;
  functions: readonly HostedFunction[];
  /**
   * Invokes a timer's function now, or after the current invocation; the schedule does not change.
   *
   * @throws Error without an enabled timer of this name, FunctionFailedError when the function throws
   */
  invokeTimer(name: string): Promise<void>;
  /**
   * Stops the host: it starts no more invocations, publishes on the diagnostics channel `functions-host.stopping`, and
   * waits up to `graceMs` (default 10,000) for the running ones. Then it runs the appTerminate hooks in the remaining
   * time, at least five seconds, and closes all open connections.
   */
  stop(options?: { graceMs?: number }): Promise<void>;
}

/** The limit of the real host, in bytes. */
const DEFAULT_BODY_LIMIT = 104_857_600;
const DEFAULT_GRACE_MS = 10_000;
const LEAST_TERMINATE_MS = 5_000;

/** Invocations that wait for other invocations can end then: the host does not start those any more. */
const hostStopping = channel("functions-host.stopping");

/**
 * Runs an unmodified Azure Functions app in this process: HTTP, timer and Service Bus queue triggers. One host per
 * process.
 *
 * @throws HostStartupError with all reasons why the app cannot start
 * @throws PortInUseError when another program listens on the port
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const { settings, stateDirectory, clock = systemClock, log = logToStderr, address = "127.0.0.1" } = options;
  const core = emulateFunctionsCore(log);
  // First, so that a port in use is detected before the app's code runs.
  const http = await listen({
    port: options.port,
    address,
    hostKey: options.hostKey,
    bodyLimit: Number(settings["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"]) || DEFAULT_BODY_LIMIT,
    portSetting: options.portSetting ?? "port",
    onError: (error) => {
      logHost("error", `A request failed: ${messageOf(error)}`);
    },
  });
  const releaseConsole = options.log ? captureConsole(log) : undefined;
  const undo = () => {
    http.stopAccepting();
    http.closeConnections();
    releaseConsole?.[Symbol.dispose]();
  };
  try {
    return await start();
  } catch (error) {
    undo();
    throw error;
  }

  async function start(): Promise<FunctionsHost> {
    const { functions, hostJson, model } = await load();
    const streamServer = await finishSetup(core, model);
    const appHookData: Record<string, unknown> = {};
    const invocations = createInvocations({ core, model, log, appHookData });
    await core.runHooks("appStart", { hookData: {}, appHookData });

    const report = onceAMinute((functionName, message) => {
      log({ at: new Date(), level: "warning", source: "host", message, functionName });
    });
    const onError = (fn: FunctionDefinition, error: unknown) => {
      report(fn.name, messageOf(error));
    };
    const statuses = timerStatusFiles(join(stateDirectory, "timers"));
    const timers = new Map<string, RunningTimer>();
    const sources: MessageSource[] = [];
    for (const fn of functions.filter(({ isDisabled }) => !isDisabled)) {
      if (fn.trigger === "timer") {
        timers.set(fn.name, await startTimer(fn, { clock, statuses, invoke: invocations.invoke, onError }));
      } else if (fn.trigger === "serviceBus") {
        const open = options.openMessageSource ?? (await import("./service-bus-source.ts")).openServiceBusSource;
        sources.push(
          startServiceBusTrigger(fn, { open, options: hostJson.serviceBus, invoke: invocations.invoke, onError }),
        );
      }
    }
    http.serve({ functions: functions.filter((fn) => fn.trigger === "http"), invocations, streamServer });

    async function stop({ graceMs = DEFAULT_GRACE_MS }: { graceMs?: number } = {}): Promise<void> {
      const deadline = Date.now() + graceMs;
      const timersEnded = Promise.all([...timers.values()].map((timer) => timer.stop()));
      http.stopAccepting();
      logHost("information", `Stopping with ${invocations.running().length} running invocations.`);
      hostStopping.publish(undefined);
      // A message that arrives while its queue pauses is still handled.
      const paused = Promise.allSettled(sources.map((source) => source.pause()));
      await within(deadline, Promise.all([timersEnded, paused.then(() => invocations.idle())]));
      const left = invocations.running();
      if (left.length > 0)
        logHost(
          "warning",
          `${left.length} invocations still run after ${graceMs} ms: ${left.join(", ")}. They are aborted.`,
        );
      const terminated = core.runHooks("appTerminate", { hookData: {}, appHookData }).catch((error: unknown) => {
        logHost("warning", `An appTerminate hook failed: ${messageOf(error)}`);
      });
      await within(Math.max(deadline, Date.now() + LEAST_TERMINATE_MS), terminated);
      await within(deadline, http.drained());
      http.closeConnections();
      await streamServer?.close();
      await within(Date.now() + LEAST_TERMINATE_MS, Promise.all(sources.map((source) => source.close())));
      releaseConsole?.[Symbol.dispose]();
    }

    let stopping: Promise<void> | undefined;
    return {
      address: http.address,
      functions: functions.map(describe),
      async invokeTimer(name) {
        const timer = timers.get(name);
        if (!timer)
          throw new Error(
            `No timer function "${name}" runs here. Its name is case-sensitive, and it must not be disabled.`,
          );
        await timer.invokeNow();
      },
      stop: (stopOptions) => (stopping ??= stop(stopOptions)),
    };
  }

  /** Loads the app, or throws all startup errors at once. */
  async function load() {
    const { hostJson, problems } = await readHostJson(options.appDirectory);
    try {
      await importApp(options.appDirectory);
    } catch (error) {
      throw error instanceof HostStartupError ? new HostStartupError([...problems, ...error.reasons]) : error;
    }
    const model = core.programmingModel();
    const defined = defineFunctions({ registrations: core.registrations, hostJson, settings });
    const all = [...problems, ...defined.problems];
    if (!model || core.registrations.length === 0) {
      all.push(
        "the app registers no function. Call app.http, app.timer or app.serviceBusQueue of @azure/functions in its entry file.",
      );
    }
    if (!model || all.length > 0) throw new HostStartupError(all);
    return { functions: defined.functions, hostJson, model };
  }

  function logHost(level: LogLevel, message: string): void {
    log({ at: new Date(), level, source: "host", message });
  }
}

function describe(fn: FunctionDefinition): HostedFunction {
  const { name, trigger, isDisabled } = fn;
  switch (fn.trigger) {
    case "http":
      return { name, trigger, isDisabled, route: fn.template.text.replace(/^\//, ""), methods: fn.methods };
    case "timer":
      return { name, trigger, isDisabled, schedule: fn.schedule.expression };
    case "serviceBus":
      return { name, trigger, isDisabled, queueName: fn.queueName };
  }
}

/** Waits for the work until the deadline (epoch milliseconds). Ignores a rejection. */
async function within(deadline: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const timeout = setTimeout(resolve, Math.max(deadline - Date.now(), 0), null);
  await Promise.race([work.catch(() => undefined), promise]);
  clearTimeout(timeout);
}
