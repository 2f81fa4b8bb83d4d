import { subscribe } from "node:diagnostics_channel";
import { Readable } from "node:stream";
import type { HttpRequest, HttpResponseInit, InvocationContext, Timer } from "@azure/functions";
import { type App, openApp } from "#app";
import { responseText } from "#http/readable-json.ts";
import { serve } from "#http/serve.ts";
import { lazyCatalogue } from "#jobs/catalogue.ts";
import { effectiveSchedule, withOverrides } from "#jobs/effective-schedule.ts";
import { asError, isDatabaseUnavailable } from "#jobs/error-class.ts";
import { tick } from "#runner/tick.ts";
import type { Config } from "#settings/config.ts";
import { startTelemetry, type Telemetry } from "#telemetry/start-telemetry.ts";
import { withTraceParent } from "#telemetry/trace-context.ts";
import type { LazyModules } from "./lazy-modules.ts";
import type { Manifest } from "./manifest.ts";
import { MessageHold } from "./message-hold.ts";
import { messagesWithoutRun, readMessages, receivedMessages, storeOrphanedMessages } from "./received-messages.ts";

/** What the registered functions call: it translates Azure's triggers into calls of the app. */
export interface Runtime {
  onTimer(jobId: string, timer: Timer, context: InvocationContext): Promise<void>;
  /** @param jobId the job whose own queue it is; without it, each run names its job */
  onMessages(queue: string, bodies: readonly unknown[], context: InvocationContext, jobId?: string): Promise<void>;
  onRequest(path: string, request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit>;
  close(): Promise<void>;
}

/**
 * The host calls `close` after its own grace period (25 s under `npm start`) and then waits five more seconds. Running
 * jobs get their signal after this time, which leaves enough to requeue them.
 */
const CLOSE_GRACE_MS = 2_000;

/** The local host publishes on this channel as soon as it begins to stop. Azure's host only calls `close`. */
const HOST_STOPPING = "functions-host.stopping";

export async function openRuntime(config: Config, manifest: Manifest, modules: LazyModules): Promise<Runtime> {
  const telemetry = await startTelemetry(config);
  const ownQueues = new Set(manifest.jobs.flatMap(({ id, queue }) => (queue ? [id] : [])));
  // From the manifest: the catalogue would load the code of every job.
  const inForce = manifest.jobs.flatMap(({ id, timer }) =>
    timer ? [{ jobId: id, schedule: withOverrides(id, timer, config.jobs.get(id) ?? {}) }] : [],
  );
  const schedules = async () => inForce;
  const routes = async () => (await Promise.all(Object.values(modules.routes).map((load) => load()))).flat();
  const app = openApp(config, lazyCatalogue(modules.jobs), {
    ownQueues,
    routes,
    schedules,
    watchesEventLoop: true,
  });
  subscribe(HOST_STOPPING, () => {
    app.beginStop();
  });
  return asInvocations(makeRuntime(app, telemetry, modules));
}

/**
 * Runs each invocation in the trace that the host names. An error that leaves the app carries no statement and no
 * parameters: the host writes it into its log.
 */
function asInvocations(runtime: Runtime): Runtime {
  const within = <T>({ traceContext }: InvocationContext, work: () => Promise<T>) =>
    withTraceParent(traceContext?.traceParent, async () => {
      try {
        return await work();
      } catch (error) {
        throw asError(error);
      }
    });
  return {
    onTimer: (job, timer, context) => within(context, () => runtime.onTimer(job, timer, context)),
    onMessages: (queue, bodies, context, job) => within(context, () => runtime.onMessages(queue, bodies, context, job)),
    onRequest: (path, request, context) => within(context, () => runtime.onRequest(path, request, context)),
    close: () => runtime.close(),
  };
}

function makeRuntime(app: App, telemetry: Telemetry, modules: LazyModules): Runtime {
  const hold = new MessageHold({
    log: app.log,
    stopping: app.stopping,
    isOutage: (error) => isDatabaseUnavailable(error) || app.reach.unreachableSince !== undefined,
  });
  return {
    async onTimer(jobId, timer) {
      const job = (await app.jobs.find(jobId))!;
      const schedule = effectiveSchedule(job, app.config.jobs.get(jobId))!;
      const { runner, clock, log, clockGuard: guard } = app;
      await tick({ runner, clock, guard, isPastDue: timer.isPastDue, log }, job, schedule);
    },

    async onMessages(queue, bodies, context, jobId) {
      const { runs, unreadable } = readMessages(receivedMessages(bodies, context.triggerMetadata));
      const messages = { queue, count: bodies.length, areInLedger: unreadable.length === 0 };
      const handle = async () => {
        await app.refreshClock();
        await storeOrphanedMessages(app, queue, unreadable);
        const job = jobId === undefined ? undefined : await app.jobs.find(jobId);
        const ids = [...runs.keys()];
        const done = job
          ? await app.runner.executeBatch(job, ids)
          : await Promise.all(ids.map((run) => app.runner.execute(run)));
        // Only ids without an executed run can be unknown to the ledger.
        const left = new Map(runs);
        for (const run of done) if (run) left.delete(run.id);
        await storeOrphanedMessages(app, queue, await messagesWithoutRun(app, left));
      };
      const held = () => hold.handle(messages, handle);
      await (app.delivery ? app.delivery.during(queue, held) : held());
    },

    async onRequest(path, request, context) {
      await app.refreshClock();
      const answer = async () =>
        serve(
          await modules.routes[path]!(),
          {
            method: request.method,
            params: request.params,
            // Not `request.query`: the library joins repeated names with commas.
            query: new URL(request.url).searchParams,
            header: (name) => request.headers.get(name),
            bytes: async () => new Uint8Array(await request.arrayBuffer()),
          },
          async () => app,
        );
      const name = `${request.method} ${path}`;
      const reply = await (app.eventLoop?.during(name, context.invocationId, answer) ?? answer());
      return {
        status: reply.status ?? (reply.json === undefined && reply.text === undefined && !reply.stream ? 204 : 200),
        headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...reply.headers },
        ...(reply.json !== undefined && { body: responseText(reply.json, request.headers.get("user-agent")) }),
        ...(reply.text !== undefined && { body: reply.text }),
        ...(reply.stream && { body: Readable.toWeb(reply.stream) as NonNullable<HttpResponseInit["body"]> }),
      };
    },

    async close() {
      await app.close(CLOSE_GRACE_MS);
      await telemetry.close();
    },
  };
}
