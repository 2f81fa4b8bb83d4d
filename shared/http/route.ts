import type { Readable } from "node:stream";
import { z } from "zod";
import type { JobLog } from "#jobs/job-log.ts";
import type { Access, Role } from "./access-policy.ts";
import type { App } from "./app-services.ts";
import type { Method } from "./request.ts";

export type { Method };

/** A response: at most one of `json`, `text` and `stream`. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  /** Bytes of the media type in the headers. The host reads it to its end or destroys it. */
  readonly stream?: Readable;
}

/** What a handler is given: the validated parts of a request, its caller, and the app. */
export interface RequestContext<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The body of a route with `file`, as it was sent; empty for other routes. */
  readonly bytes: Uint8Array;
  /** A header of the request; null when absent. */
  readonly header: (name: string) => string | null;
  readonly app: App;
  readonly log: JobLog;
  /** The caller for the audit: `entra:` and a name, or the kind of key. */
  readonly caller: string;
  /** What the caller may do; null on an open route, which checks no caller. */
  readonly role: Role | null;
}

/** A body that is a file. The host passes it as a whole, so its size is limited. */
export interface FileBody {
  /** Accepted media types, without parameters. */
  readonly types: readonly string[];
  readonly maxBytes: number;
}

/** An HTTP route as a value. Importing it registers nothing. */
export interface Route {
  readonly method: Method;
  /** Whole path without leading slash: `api/v1/exchange-rates/{id}`. Empty: the address of the app. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  readonly body: z.ZodType | null;
  /** The largest JSON body. Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** The body is a file instead of JSON. */
  readonly file?: FileBody;
  /** The body of a 2XX response: described by OpenAPI, checked by tests. Null: no body. */
  readonly response?: z.ZodType | null;
  /** The media type of a 2XX response. Default application/json. */
  readonly produces?: string;
  /** Answers 302 instead of a 2XX. */
  readonly redirects?: true;
  /** Accepts the header `Idempotency-Key`. */
  readonly idempotent?: true;
  /** Accepts the header `If-Match` with the `ETag` of the state that the request changes. */
  readonly conditional?: true;
  readonly handle: (context: RequestContext<never, never, never>) => Promise<Reply>;
}

/**
 * Makes a route. Absent parts accept nothing: a route without `body` refuses a body, an unknown query parameter is an
 * error.
 * @throws TypeError when the Functions host would refuse the path, or path, method and schemas contradict each other
 */
export function defineRoute<
  Params extends z.ZodType = z.ZodObject,
  Query extends z.ZodType = z.ZodObject,
  Body extends z.ZodType = z.ZodNull,
>(options: {
  readonly method: Method;
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly maxBodyBytes?: number;
  readonly file?: FileBody;
  readonly response?: z.ZodType | null;
  readonly produces?: string;
  readonly redirects?: true;
  readonly idempotent?: true;
  readonly conditional?: true;
  readonly handle: (context: RequestContext<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<Reply>;
}): Route {
  const fault = faultOf(options);
  if (fault) throw new TypeError(`route ${options.method} ${options.path}: ${fault}`);
  return {
    ...options,
    params: options.params ?? nothing,
    query: options.query ?? nothing,
    body: options.body ?? null,
    handle: options.handle,
  };
}

const nothing = z.strictObject({});

function faultOf({
  method,
  path,
  params,
  body,
}: {
  method: Method;
  path: string;
  params?: z.ZodType;
  body?: z.ZodType;
}): string | undefined {
  if (path.startsWith("/")) return "expected a path without leading slash";
  if (/^(admin|runtime)/i.test(path)) {
    return "expected a path that does not begin with admin or runtime, which belong to the Functions host";
  }
  if (path.includes("{") && !params) return "expected params: a schema for the parameters of the path";
  if (method === "GET" && body) return "expected no body: the body of a GET is not read";
  return undefined;
}
