import { InvalidInput } from "#jobs/endings.ts";
import { asError, classify, retryAfter } from "#jobs/error-class.ts";
import { issuesOf } from "#jobs/input.ts";
import { ConfigError } from "#settings/config.ts";
import { jsonLines, Log } from "#telemetry/log.ts";
import type { App } from "./app-services.ts";
import { identifyCaller } from "./caller.ts";
import { badRequest, Problem, problemReply } from "./problem.ts";
import type { Request } from "./request.ts";
import { bytesOf, jsonOf, storageFault } from "./request-body.ts";
import type { Reply, Route } from "./route.ts";

/**
 * Answers a request with the route of its method; never throws. Every error becomes problem details; an error that the
 * caller did not cause is logged, and its response shows no internals. HEAD is GET without content.
 * @param routes all routes of one path
 */
export async function serve(routes: readonly Route[], request: Request, openApp: () => Promise<App>): Promise<Reply> {
  let app: App | undefined;
  let reply: Reply;
  try {
    app = await openApp();
    reply = await answer(routes, request, app);
  } catch (error) {
    reply = problemReply(asProblem(asError(error), { log: app?.log ?? fallbackLog, method: request.method, routes }));
  }
  if (request.method !== "HEAD") return reply;
  reply.stream?.destroy();
  const { json: _json, text: _text, stream: _stream, ...head } = reply;
  return { status: 200, ...head };
}

async function answer(routes: readonly Route[], request: Request, app: App): Promise<Reply> {
  const match = routes.find(({ method }) => method === (request.method === "HEAD" ? "GET" : request.method));
  // Before 405, which lists the methods: only allowed callers see them.
  const caller = identifyCaller((match ?? routes[0]!).access, request, app.config.protection);
  const route = match ?? methodNotAllowed(routes, request.method);
  const params = read(route.params, request.params, "path");
  const query = read(route.query, queryObject(request.query), "query");
  const bytes = await bytesOfBody(route, request);
  const body = readBody(route, request, bytes);
  return route.handle({
    params: params as never,
    query: query as never,
    body: body as never,
    bytes,
    header: request.header,
    app,
    log: app.log,
    caller: caller.name,
    role: caller.role,
  });
}

function methodNotAllowed(routes: readonly Route[], method: string): never {
  const allow = routes.flatMap((route) => (route.method === "GET" ? ["GET", "HEAD"] : [route.method])).join(", ");
  throw new Problem(405, "method-not-allowed", `${method} is not allowed here; allowed: ${allow}`, {
    headers: { allow },
  });
}

function read(schema: Route["params"], value: unknown, part: "path" | "query" | "body"): unknown {
  const fault = storageFault(value);
  if (fault) throw badRequest([{ field: part, reason: fault }]);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw badRequest(issuesOf(result.error, part));
}

/** A repeated parameter becomes a list, which scalar schemas reject. */
function queryObject(query: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries(
    [...new Set(query.keys())]
      // The function key: see `identifyCaller`.
      .filter((name) => name !== "code")
      .map((name) => {
        const all = query.getAll(name);
        return [name, all.length > 1 ? all : (all[0] ?? "")];
      }),
  );
}

const NO_BYTES = new Uint8Array();

async function bytesOfBody(route: Route, request: Request): Promise<Uint8Array> {
  if (request.method === "GET" || request.method === "HEAD") return NO_BYTES;
  const bytes = await bytesOf(request, route.file?.maxBytes ?? route.maxBodyBytes);
  if (!route.file) return bytes;
  const type = request.header("content-type")?.split(";")[0]!.trim().toLowerCase();
  if (type === undefined || !route.file.types.includes(type)) {
    const expected = `expected ${route.file.types.join(", ")}, got ${type?.slice(0, 100) ?? "no content type"}`;
    throw new Problem(415, "unsupported-media-type", expected);
  }
  if (bytes.length === 0) throw badRequest([{ field: "body", reason: "expected a file, got nothing" }]);
  return bytes;
}

function readBody(route: Route, request: Request, bytes: Uint8Array): unknown {
  if (route.file || request.method === "GET" || request.method === "HEAD") return null;
  if (route.body) return read(route.body, jsonOf(bytes, request.header("content-type")), "body");
  if (bytes.length === 0 || (bytes.length < 64 && new TextDecoder().decode(bytes).trim() === "{}")) return null;
  throw badRequest([{ field: "body", reason: "this route accepts no body" }]);
}

/** Logs errors that happen before the app is open. */
const fallbackLog = new Log(
  jsonLines((line) => {
    console.error(line.trimEnd());
  }),
);

function asProblem(
  error: Error,
  { log, method, routes }: { log: Pick<App["log"], "error">; method: string; routes: readonly Route[] },
): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof InvalidInput) return badRequest(error.issues);
  log.error("Request failed", { route: `${method} ${routes[0]?.path}`, error });
  if (error instanceof ConfigError) {
    return new Problem(503, "misconfigured", "the settings of this app are invalid; see its log");
  }
  const errorClass = classify(error);
  if (errorClass === "transient" || errorClass === "rate_limited") {
    const seconds = Math.max(5, Math.ceil((retryAfter(error) ?? 0) / 1_000));
    return new Problem(503, "unavailable", "the database or another service does not answer; try again", {
      headers: { "retry-after": String(seconds) },
    });
  }
  return new Problem(500, "internal", "internal error; the log of the app has the details");
}
