import type { App } from "#app";
import { InvalidInput } from "#jobs/endings.ts";
import { asError, classify, retryAfter } from "#jobs/error-class.ts";
import { issuesOf } from "#jobs/input.ts";
import { ConfigError } from "#settings/config.ts";
import { jsonLines, Log } from "#telemetry/log.ts";
import { callerOf } from "./access.ts";
import { badRequest, Problem, problemReply } from "./problem.ts";
import type { Request } from "./request.ts";
import { bytesOf, jsonOf, storageFault } from "./request-body.ts";
import type { Reply, Route } from "./route.ts";

/**
 * Answers a request with the route of its method; never throws. Whatever goes wrong becomes problem details; what is not
 * the caller's doing is logged and says nothing of its inside. HEAD is GET without its content.
 * @param routes all of one path
 */
export async function serve(routes: readonly Route[], request: Request, openApp: () => Promise<App>): Promise<Reply> {
  let app: App | undefined;
  let reply: Reply;
  try {
    app = await openApp();
    reply = await answer(routes, request, app);
  } catch (thrown) {
    reply = problemReply(asProblem(asError(thrown), { log: app?.log ?? lastResort, method: request.method, routes }));
  }
  if (request.method !== "HEAD") return reply;
  reply.stream?.destroy();
  const { json: _json, text: _text, stream: _stream, ...head } = reply;
  return { status: 200, ...head };
}

async function answer(routes: readonly Route[], request: Request, app: App): Promise<Reply> {
  const offered = routes.find(({ method }) => method === (request.method === "HEAD" ? "GET" : request.method));
  // Whoever may not call the path does not learn its methods either.
  const caller = callerOf((offered ?? routes[0]!).access, request, app.config.protection);
  const route = offered ?? notOffered(routes, request.method);
  const params = read(route.params, request.params, "path");
  const query = read(route.query, queryObject(request.query), "query");
  const body = await readBody(route, request);
  return route.handle({
    params: params as never,
    query: query as never,
    body: body as never,
    header: request.header,
    app,
    log: app.log,
    caller: caller.name,
    role: caller.role,
  });
}

function notOffered(routes: readonly Route[], method: string): never {
  const allow = routes.flatMap((route) => (route.method === "GET" ? ["GET", "HEAD"] : [route.method])).join(", ");
  throw new Problem(405, "method-not-allowed", `${method} is not allowed here; allowed: ${allow}`, {
    headers: { allow },
  });
}

function read(schema: Route["params"], value: unknown, place: "path" | "query" | "body"): unknown {
  const fault = storageFault(value);
  if (fault) throw badRequest([{ field: place, reason: fault }]);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw badRequest(issuesOf(result.error, place));
}

/** A parameter that is given twice becomes a list, which no scalar schema accepts: better than picking one. */
function queryObject(query: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries(
    [...new Set(query.keys())]
      // A key may come as a query parameter; it is no route's own.
      .filter((name) => name !== "code")
      .map((name) => {
        const all = query.getAll(name);
        return [name, all.length > 1 ? all : (all[0] ?? "")];
      }),
  );
}

async function readBody(route: Route, request: Request): Promise<unknown> {
  if (request.method === "GET" || request.method === "HEAD") return null;
  const bytes = await bytesOf(request);
  if (route.body) return read(route.body, jsonOf(bytes, request.header("content-type")), "body");
  if (bytes.length === 0 || (bytes.length < 64 && new TextDecoder().decode(bytes).trim() === "{}")) return null;
  throw badRequest([{ field: "body", reason: "this route takes no body" }]);
}

/** For what goes wrong before there is an app to log with. */
const lastResort = new Log(
  jsonLines((line) => {
    console.error(line.trimEnd());
  }),
);

function asProblem(
  thrown: Error,
  { log, method, routes }: { log: Pick<App["log"], "error">; method: string; routes: readonly Route[] },
): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof InvalidInput) return badRequest(thrown.issues);
  log.error("Request failed", { route: `${method} ${routes[0]?.path}`, error: thrown });
  if (thrown instanceof ConfigError) {
    return new Problem(503, "misconfigured", "the settings of this app are wrong; see its log");
  }
  const errorClass = classify(thrown);
  if (errorClass === "transient" || errorClass === "rate_limited") {
    const seconds = Math.max(5, Math.ceil((retryAfter(thrown) ?? 0) / 1_000));
    return new Problem(503, "unavailable", "the database or a service behind it does not answer; try again", {
      headers: { "retry-after": String(seconds) },
    });
  }
  return new Problem(500, "internal", "something went wrong here; the log of the app has the details");
}
