import type { HttpRequest, HttpResponseInit, InvocationContext, Timer } from "@azure/functions";
import { openApp, type App } from "../app.ts";
import type { Config } from "../config.ts";
import { serve } from "../http/serve.ts";
import { lazyCatalogue } from "../jobs/catalogue.ts";
import { scheduleInForce } from "../jobs/schedule-in-force.ts";
import { tick } from "../jobs/tick.ts";
import type { Loaders } from "./register.ts";

/** What the registered functions call: triggers in Azure's words on one side, the app's own on the other. */
export interface Runtime {
  onTimer(jobId: string, timer: Timer, context: InvocationContext): Promise<void>;
  onRequest(path: string, request: HttpRequest): Promise<HttpResponseInit>;
  close(): Promise<void>;
}

let runtime: Runtime | undefined;

/** The one runtime of this process, made at the first call. */
export function runtimeOf(config: Config, loaders: Loaders): Runtime {
  return (runtime ??= makeRuntime(openApp(config, lazyCatalogue(loaders.jobs)), loaders));
}

function makeRuntime(app: App, loaders: Loaders): Runtime {
  return {
    async onTimer(jobId, timer) {
      const job = (await app.jobs.find(jobId))!;
      const schedule = scheduleInForce(job, app.config.jobs.get(jobId))!;
      await tick({ runner: app.runner, now: app.clock.now(), isPastDue: timer.isPastDue }, job, schedule);
    },

    async onRequest(path, request) {
      const reply = await serve(
        await loaders.routes[path]!(),
        {
          method: request.method,
          params: request.params,
          query: request.query,
          header: (name) => request.headers.get(name),
          bytes: async () => new Uint8Array(await request.arrayBuffer()),
        },
        async () => app,
      );
      return {
        status: reply.status ?? (reply.json === undefined && reply.text === undefined ? 204 : 200),
        headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...reply.headers },
        ...(reply.json !== undefined && { body: JSON.stringify(reply.json) }),
        ...(reply.text !== undefined && { body: reply.text }),
      };
    },

    close: () => app.close(),
  };
}
