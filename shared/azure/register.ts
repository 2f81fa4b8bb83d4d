import type { HttpRequest, HttpResponseInit, InvocationContext, Timer } from "@azure/functions";
import { app as functions } from "@azure/functions";
import { checkerOf } from "#http/checker.ts";
import { SHARED_QUEUE, SHARED_QUEUE_FUNCTION } from "#messaging/queue-names.ts";
import { type Config, readConfig } from "#settings/config.ts";
import { environment } from "#settings/environment.ts";
import type { Loaders } from "./loaders.ts";
import type { Manifest, ManifestJob } from "./manifest.ts";

/**
 * Registers one function per schedule and per queue of a job's own, one for all other waiting runs, and one per HTTP path. Loads nothing else: database, schemas and the jobs' own
 * code come with the first invocation.
 * @throws ConfigError when a setting is wrong: the app must not start with it
 */
export async function register(manifest: Manifest, loaders: Loaders): Promise<void> {
  const config = readConfig(
    environment(),
    manifest.jobs.map(({ timer, ...job }) => ({ ...job, isScheduled: timer !== null })),
  );
  const runtime = () => import("./runtime.ts").then(({ runtimeOf }) => runtimeOf(config, manifest, loaders));
  // The host then leaves it to this process to send its log.
  if (config.APPLICATIONINSIGHTS_CONNECTION_STRING)
    functions.setup({ capabilities: { WorkerOpenTelemetryEnabled: true } });

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
      route: path,
      // All methods: the right answer to a wrong one is the app's to give.
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

/** The UTC expression from the build, unless settings change the schedule: then it is computed here. */
async function timerExpression({ id, timer }: ManifestJob, config: Config): Promise<string> {
  const overrides = config.jobs.get(id) ?? {};
  if (overrides.schedule === undefined && overrides.timeZone === undefined) return timer!.utc;
  const [{ overridden }, { utcSuperset }] = await Promise.all([
    import("#jobs/effective-schedule.ts"),
    import("#schedule/index.ts"),
  ]);
  return utcSuperset(overridden(id, timer!, overrides));
}
