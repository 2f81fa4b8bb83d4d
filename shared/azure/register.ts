import type { HttpRequest, HttpResponseInit, InvocationContext, Timer } from "@azure/functions";
import { app as functions } from "@azure/functions";
import { openOnce } from "#diagnostics/open-once.ts";
import { checkerOf } from "#http/access-policy.ts";
import { SHARED_QUEUE, SHARED_QUEUE_FUNCTION } from "#messaging/queue-names.ts";
import { type Config, readConfig } from "#settings/config.ts";
import { environment } from "#settings/environment.ts";
import type { LazyModules } from "./lazy-modules.ts";
import type { Manifest, ManifestJob } from "./manifest.ts";

/** Matches the root and nothing else. The host replaces an empty route by the name of the function. */
const ROOT = "{root:maxlength(0)?}";

/**
 * Registers a function for each schedule, for each queue of a job, for the shared queue, and for each HTTP path.
 * Database, schemas and jobs are loaded with the first invocation.
 * @throws ConfigError when a setting is invalid: the app does not start then
 */
export async function register(manifest: Manifest, modules: LazyModules): Promise<void> {
  const config = readConfig(
    environment(),
    manifest.jobs.map(({ id, timer, zoneSetting, formerIds }) => ({
      id,
      formerIds,
      isScheduled: timer !== null,
      zoneSetting: zoneSetting ?? undefined,
    })),
  );
  const runtime = openOnce(async () => {
    const { openRuntime } = await import("./runtime.ts");
    return openRuntime(config, manifest, modules);
  });
  // With this capability the host does not send the log lines of this process: telemetry sends them.
  if (config.APPLICATIONINSIGHTS_CONNECTION_STRING) {
    functions.setup({ capabilities: { WorkerOpenTelemetryEnabled: true } });
  }

  for (const job of manifest.jobs) {
    if (!job.timer) continue;
    functions.timer(job.functionName, {
      schedule: await timerExpression(job, config),
      handler: async (timer: Timer, context: InvocationContext) => (await runtime()).onTimer(job.id, timer, context),
    });
  }
  if (config.SERVICE_BUS ?? config.SERVICE_BUS__fullyQualifiedNamespace) {
    functions.serviceBusQueue(SHARED_QUEUE_FUNCTION, {
      connection: "SERVICE_BUS",
      queueName: SHARED_QUEUE,
      cardinality: "one",
      handler: async (message: unknown, context: InvocationContext) =>
        (await runtime()).onMessages(SHARED_QUEUE, [message], context),
    });
    for (const { id, queue } of manifest.jobs) {
      if (!queue) continue;
      functions.serviceBusQueue(queue.functionName, {
        connection: "SERVICE_BUS",
        queueName: queue.name,
        cardinality: queue.batch > 1 ? "many" : "one",
        handler: async (received: unknown, context: InvocationContext) =>
          (await runtime()).onMessages(queue.name, queue.batch > 1 ? (received as unknown[]) : [received], context, id),
      });
    }
  }
  for (const { path, functionName, access } of manifest.paths) {
    functions.http(functionName, {
      route: path || ROOT,
      // All methods: the app answers a wrong one with 405.
      methods: ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"],
      authLevel:
        checkerOf(access === "role" ? "viewer" : access, config.protection) === "host" ? "function" : "anonymous",
      handler: async (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> =>
        (await runtime()).onRequest(path, request, context),
    });
  }
  functions.hook.appTerminate(async () => {
    await (await runtime()).close();
  });
}

/** The UTC expression: from the build, or computed here when a setting changes the schedule. */
async function timerExpression({ id, timer }: ManifestJob, config: Config): Promise<string> {
  const overrides = config.jobs.get(id) ?? {};
  if (overrides.schedule === undefined && overrides.timeZone === undefined) return timer!.utc;
  const [{ withOverrides }, { utcSuperset }] = await Promise.all([
    import("#jobs/effective-schedule.ts"),
    import("#schedule/index.ts"),
  ]);
  return utcSuperset(withOverrides(id, timer!, overrides));
}
