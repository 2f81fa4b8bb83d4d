import { Readable } from "node:stream";
import type { HttpRequest, HttpResponseInit, InvocationContext, Timer } from "@azure/functions";
import { type App, openApp } from "#app";
import { answerText } from "#http/readable-json.ts";
import { serve } from "#http/serve.ts";
import { lazyCatalogue } from "#jobs/catalogue.ts";
import { scheduleInForce } from "#jobs/effective-schedule.ts";
import { tick } from "#runner/tick.ts";
import type { Config } from "#settings/config.ts";
import { inOperation } from "#telemetry/operation.ts";
import { startTelemetry, type Telemetry } from "#telemetry/start.ts";
import type { Loaders } from "./loaders.ts";
import type { Manifest } from "./manifest.ts";
import { keepStrays, messagesWithoutRun, readMessages, receivedMessages } from "./received-messages.ts";

/** What the registered functions call: triggers in Azure's words on one side, the app's own on the other. */
export interface Runtime {
  onTimer(jobId: string, timer: Timer, context: InvocationContext): Promise<void>;
  /** @param jobId the job whose own queue it is; without it the runs' jobs are looked up */
  onMessages(queue: string, bodies: readonly unknown[], context: InvocationContext, jobId?: string): Promise<void>;
  onRequest(path: string, request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit>;
  close(): Promise<void>;
}

/**
 * A host says goodbye when what ran has ended or has had its time (25 s under `npm start`), and then waits for five seconds more: running jobs get
 * their signal early enough to be put back within them.
 */
const LAST_GRACE_MS = 2_000;

let runtime: Promise<Runtime> | undefined;

/** The one runtime of this process, made at the first call. */
export function runtimeOf(config: Config, manifest: Manifest, loaders: Loaders): Promise<Runtime> {
  return (runtime ??= openRuntime(config, manifest, loaders));
}

async function openRuntime(config: Config, manifest: Manifest, loaders: Loaders): Promise<Runtime> {
  const telemetry = await startTelemetry(config);
  const ownQueues = new Set(manifest.jobs.flatMap(({ id, queue }) => (queue ? [id] : [])));
  const routes = async () => (await Promise.all(Object.values(loaders.routes).map((load) => load()))).flat();
  const app = openApp(config, lazyCatalogue(loaders.jobs), { ownQueues, routes });
  return withinOperations(makeRuntime(app, telemetry, loaders));
}

/** What an invocation does is part of the operation that the host says it belongs to. */
function withinOperations(runtime: Runtime): Runtime {
  const within = <T>({ traceContext }: InvocationContext, work: () => T) =>
    inOperation(traceContext?.traceParent, work);
  return {
    onTimer: (job, timer, context) => within(context, () => runtime.onTimer(job, timer, context)),
    onMessages: (queue, bodies, context, job) => within(context, () => runtime.onMessages(queue, bodies, context, job)),
    onRequest: (path, request, context) => within(context, () => runtime.onRequest(path, request, context)),
    close: () => runtime.close(),
  };
}

function makeRuntime(app: App, telemetry: Telemetry, loaders: Loaders): Runtime {
  return {
    async onTimer(jobId, timer) {
      const job = (await app.jobs.find(jobId))!;
      const schedule = scheduleInForce(job, app.config.jobs.get(jobId))!;
      await tick({ runner: app.runner, now: app.clock.now(), isPastDue: timer.isPastDue, log: app.log }, job, schedule);
    },

    async onMessages(queue, bodies, context, jobId) {
      const { runs, unreadable } = readMessages(receivedMessages(bodies, context.triggerMetadata));
      await keepStrays(app, queue, unreadable);
      const job = jobId === undefined ? undefined : await app.jobs.find(jobId);
      const ids = [...runs.keys()];
      const done = job
        ? await app.runner.executeBatch(job, ids)
        : await Promise.all(ids.map((run) => app.runner.execute(run)));
      // Only of those that came to nothing is it asked whether they are there at all.
      const left = new Map(runs);
      for (const run of done) if (run) left.delete(run.id);
      await keepStrays(app, queue, await messagesWithoutRun(app, left));
    },

    async onRequest(path, request) {
      const reply = await serve(
        await loaders.routes[path]!(),
        {
          method: request.method,
          params: request.params,
          // Not request.query: the library joins repeated names with commas.
          query: new URL(request.url).searchParams,
          header: (name) => request.headers.get(name),
          bytes: async () => new Uint8Array(await request.arrayBuffer()),
        },
        async () => app,
      );
      return {
        status: reply.status ?? (reply.json === undefined && reply.text === undefined && !reply.stream ? 204 : 200),
        headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...reply.headers },
        ...(reply.json !== undefined && { body: answerText(reply.json, request.headers.get("user-agent")) }),
        ...(reply.text !== undefined && { body: reply.text }),
        ...(reply.stream && { body: Readable.toWeb(reply.stream) as NonNullable<HttpResponseInit["body"]> }),
      };
    },

    async close() {
      await app.close(LAST_GRACE_MS);
      await telemetry.close();
    },
  };
}
