import type { App } from "../app.ts";
import { ConfigError } from "../config.ts";
import { InvalidInput } from "../jobs/endings.ts";
import { classify } from "../jobs/error-class.ts";
import { issuesOf } from "../jobs/input.ts";
import { badRequest, Problem, problemReply, type FieldFault } from "./problem.ts";
import type { Method, Reply, Route } from "./route.ts";

/** Bodies above this many bytes are refused. */
export const MAX_BODY_BYTES = 1_048_576;

/** A request as any host can say it. */
export interface Request {
  readonly method: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly header: (name: string) => string | null;
  readonly bytes: () => Promise<Uint8Array>;
}

/**
 * Answers a request with the route of its method. Whatever goes wrong becomes problem details; what is not the caller's
 * doing is logged and says nothing of its inside.
 */
export async function serve(routes: readonly Route[], request: Request, openApp: () => Promise<App>): Promise<Reply> {
  let app: App | undefined;
  try {
    const route = routeFor(routes, request.method);
    const params = read(route.params, request.params, "path");
    const query = read(route.query, queryObject(request.query), "query");
    const body = await readBody(route, request);
    app = await openApp();
    return await route.handle({
      params: params as never,
      query: query as never,
      body: body as never,
      app,
      log: app.log,
      caller: "function key",
    });
  } catch (thrown) {
    return problemReply(asProblem(thrown, app));
  }
}

function routeFor(routes: readonly Route[], method: string): Route {
  const route = routes.find((candidate) => candidate.method === (method === "HEAD" ? "GET" : method));
  if (route) return route;
  const allow: Method[] = routes.map((candidate) => candidate.method);
  throw new Problem(405, "method-not-allowed", `${method} is not allowed here; allowed: ${allow.join(", ")}`, {
    headers: { allow: allow.join(", ") },
  });
}

function read(schema: Route["params"], value: unknown, place: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw badRequest(
    issuesOf(result.error).map(({ field, reason }) => ({ field: field === "body" ? place : field, reason })),
  );
}

/** A parameter that is given twice becomes a list, which no scalar schema accepts: better than picking one. */
function queryObject(query: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries(
    [...new Set(query.keys())]
      // The function key may come as a query parameter; it is the host's.
      .filter((name) => name !== "code")
      .map((name) => {
        const all = query.getAll(name);
        return [name, all.length === 1 ? all[0]! : all];
      }),
  );
}

async function readBody(route: Route, request: Request): Promise<unknown> {
  if (Number(request.header("content-length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  if (request.method === "GET" || request.method === "HEAD") return null;
  const bytes = await request.bytes();
  if (bytes.length > MAX_BODY_BYTES) throw tooLarge();
  if (!route.body) {
    if (bytes.length === 0 || new TextDecoder().decode(bytes).trim() === "{}") return null;
    throw badRequest([{ field: "body", reason: "this route takes no body" }]);
  }
  const type = request.header("content-type");
  if (bytes.length > 0 && type !== null && !/^application\/([\w.+-]+\+)?json\b/i.test(type)) {
    throw new Problem(415, "unsupported-media-type", `expected application/json, got ${type}`);
  }
  return read(route.body, bytes.length === 0 ? {} : parseJson(bytes), "body");
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw badRequest([{ field: "body", reason: `is no JSON: ${(error as Error).message}` }]);
  }
}

function tooLarge(): Problem {
  return new Problem(413, "content-too-large", `expected a body of at most ${MAX_BODY_BYTES} bytes`);
}

function asProblem(thrown: unknown, app: App | undefined): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof InvalidInput) return badRequest(thrown.issues as FieldFault[]);
  if (thrown instanceof ConfigError)
    return new Problem(503, "misconfigured", "the settings of this app are wrong; see its log");
  app?.log.error("Request failed", { error: thrown });
  if (classify(thrown) === "transient") {
    return new Problem(503, "unavailable", "the database or a service behind it does not answer; try again", {
      headers: { "retry-after": "5" },
    });
  }
  return new Problem(500, "internal", "something went wrong here; the log of the app has the details");
}
