import type { App } from "#app";
import { routes } from "#functions/index.ts";
import type { Route } from "#http/route.ts";
import { serve } from "#http/serve.ts";
import { catalogueOf } from "#jobs/catalogue.ts";
import type { Job } from "#jobs/job.ts";
import { nullRealtime, type Realtime } from "#realtime/realtime.ts";
import type { DeliveryWatch } from "#runner/delivery-watch.ts";
import { readConfig } from "#settings/config.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import { Log } from "#telemetry/log.ts";
import { expectResponseSchema } from "../expect-response-schema.ts";

/**
 * An app process whose routes are called without a host, with the requests and responses that a caller sees. A 2XX
 * response that does not match the schema of its route fails the test.
 */
export interface AdminApi extends TestProcess {
  readonly app: App;
  call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: T; headers: Record<string, string> }>;
}

export function startAdminApi(
  url: string,
  jobs: readonly Job[],
  {
    realtime = nullRealtime,
    clockGuard,
    broker = async () => ({ state: "in-process" }),
    delivery,
    ...options
  }: Parameters<typeof startProcess>[2] & {
    realtime?: Realtime;
    clockGuard?: App["clockGuard"];
    broker?: App["broker"];
    delivery?: (process: TestProcess) => DeliveryWatch;
  } = {},
): AdminApi {
  const process = startProcess(url, jobs, options);
  const stopping = new AbortController();
  const app: App = {
    reach: { unreachableSince: undefined, cause: undefined },
    config: readConfig({ DATABASE_URL: url, ...options.env }, jobs),
    db: process.db,
    runner: process.runner,
    enqueuer: process.enqueuer,
    jobs: catalogueOf(jobs),
    routes: async () => routes,
    clock: process.clock,
    clockGuard,
    refreshClock: async () => undefined,
    log: new Log((entry) => process.log.push(entry)),
    broker,
    delivery: delivery?.(process),
    realtime,
    publish: process.observer.publish,
    stopping: stopping.signal,
    beginStop: () => {
      stopping.abort();
    },
    close: () => process.close(),
  };
  return {
    ...process,
    app,
    async call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const { pathname, searchParams } = new URL(path, "http://rota.test/");
      const { found, params } = routesAt(pathname.slice(1));
      const given: Record<string, string> = { "content-type": "application/json", ...headers };
      const reply = await serve(
        found,
        {
          method,
          params,
          query: searchParams,
          header: (name) => given[name.toLowerCase()] ?? null,
          bytes: async () => (body instanceof Uint8Array ? body : new TextEncoder().encode(textOf(body))),
        },
        async () => app,
      );
      const route = found.find((one) => one.method === method);
      if (route && (reply.status ?? 200) < 300) expectResponseSchema(route, reply);
      const seen = (reply.text ?? JSON.parse(JSON.stringify(reply.json ?? null))) as T;
      return { status: reply.status ?? 200, body: seen, headers: { ...reply.headers } };
    },
  };
}

function textOf(body: unknown): string {
  return body === undefined ? "" : JSON.stringify(body);
}

function routesAt(path: string): { found: readonly Route[]; params: Record<string, string> } {
  for (const [template, found] of Map.groupBy(routes, (route) => route.path)) {
    const pattern = template.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)");
    const match = new RegExp(`^${pattern}$`).exec(path);
    if (!match) continue;
    // Decoded as the host does it: without the slash.
    const decoded = (value: string) => decodeURIComponent(value.replace(/%2f/gi, "%252F"));
    const params = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decoded(value)]);
    return { found, params: Object.fromEntries(params) as Record<string, string> };
  }
  throw new Error(`no route for ${path}`);
}
