import type { HttpRequest, HttpResponseInit, InvocationContext, Timer } from "@azure/functions";
import { v7 as uuidv7 } from "uuid";
import { openApp, type App } from "../app.ts";
import type { Config } from "../config.ts";
import { insertDeadMessages } from "../data/platform/dead-messages.ts";
import { answerText } from "../http/readable-json.ts";
import { serve } from "../http/serve.ts";
import { lazyCatalogue } from "../jobs/catalogue.ts";
import { scheduleInForce } from "../jobs/schedule-in-force.ts";
import { tick } from "../jobs/tick.ts";
import { readRunMessage, UnreadableMessage } from "../messaging/run-message.ts";
import type { Loaders } from "./loaders.ts";
import type { Manifest } from "./manifest.ts";

/** What the registered functions call: triggers in Azure's words on one side, the app's own on the other. */
export interface Runtime {
  onTimer(jobId: string, timer: Timer, context: InvocationContext): Promise<void>;
  /** @param jobId the job whose own queue it is; without it the runs' jobs are looked up */
  onMessages(queue: string, bodies: readonly unknown[], context: InvocationContext, jobId?: string): Promise<void>;
  onRequest(path: string, request: HttpRequest): Promise<HttpResponseInit>;
  close(): Promise<void>;
}

let runtime: Runtime | undefined;

/** The one runtime of this process, made at the first call. */
export function runtimeOf(config: Config, manifest: Manifest, loaders: Loaders): Runtime {
  const ownQueues = new Set(manifest.jobs.flatMap(({ id, queue }) => (queue ? [id] : [])));
  const routes = async () => (await Promise.all(Object.values(loaders.routes).map((load) => load()))).flat();
  const app = () => openApp(config, lazyCatalogue(loaders.jobs), { ownQueues, routes });
  return (runtime ??= makeRuntime(app(), loaders));
}

function makeRuntime(app: App, loaders: Loaders): Runtime {
  return {
    async onTimer(jobId, timer) {
      const job = (await app.jobs.find(jobId))!;
      const schedule = scheduleInForce(job, app.config.jobs.get(jobId))!;
      await tick({ runner: app.runner, now: app.clock.now(), isPastDue: timer.isPastDue }, job, schedule);
    },

    async onMessages(queue, bodies, context, jobId) {
      const runs = await readable(app, queue, bodies, context);
      const job = jobId === undefined ? undefined : await app.jobs.find(jobId);
      if (job) await app.runner.executeBatch(job, runs);
      else await Promise.all(runs.map((run) => app.runner.execute(run)));
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
        status: reply.status ?? (reply.json === undefined && reply.text === undefined ? 204 : 200),
        headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...reply.headers },
        ...(reply.json !== undefined && { body: answerText(reply.json, request.headers.get("user-agent")) }),
        ...(reply.text !== undefined && { body: reply.text }),
      };
    },

    close: () => app.close(),
  };
}

/** The runs that messages name. What cannot be read is kept with the reason and not delivered again. */
async function readable(
  app: App,
  queue: string,
  bodies: readonly unknown[],
  context: InvocationContext,
): Promise<string[]> {
  const runs = new Set<string>();
  for (const body of bodies) {
    try {
      runs.add(readRunMessage(body).run);
    } catch (error) {
      if (!(error instanceof UnreadableMessage)) throw error;
      const text = typeof body === "string" ? body : JSON.stringify(body ?? null);
      app.log.error("A message could not be read; it is kept with the dead letters", { queue, reason: error.message });
      const messageId = context.triggerMetadata?.messageId;
      await insertDeadMessages(app.db, [
        {
          ...{
            id: uuidv7(),
            queue,
            messageId: bodies.length === 1 && typeof messageId === "string" ? messageId : null,
            reason: error.message,
          },
          ...{ body: text.slice(0, 16_384).replaceAll("\0", ""), receivedAt: app.clock.now() },
        },
      ]);
    }
  }
  return [...runs];
}
