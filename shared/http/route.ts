import type { Readable } from "node:stream";
import { z } from "zod";
import type { App } from "#app";
import type { JobLog } from "#jobs/job-log.ts";
import type { Access, Role } from "./checker.ts";
import type { Method } from "./request.ts";

export type { Method };

/** What a handler answers. One of `json`, `text` and `stream`, or none. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  /** Bytes of the media type that the headers name. It is read to its end, or destroyed. */
  readonly stream?: Readable;
}

export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** A header of the request; null when it has none such. */
  readonly header: (name: string) => string | null;
  readonly app: App;
  readonly log: JobLog;
  /** Who asks, for the audit: `entra:` and a name, or which kind of key was shown. */
  readonly caller: string;
  /** What the caller may do; null on an open route, where nobody asked. */
  readonly role: Role | null;
}

/** An HTTP route as a value. Importing it registers nothing. */
export interface Route {
  readonly method: Method;
  /** Whole path without leading slash: `api/v1/exchange-rates/{id}`. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  readonly body: z.ZodType | null;
  /** What a good answer is, as its reader gets it: for the description of the API, and checked by tests. Null: it has no body. */
  readonly answer?: z.ZodType | null;
  /** The media type of a good answer. Default application/json. */
  readonly produces?: string;
  /** Takes the header `Idempotency-Key`. */
  readonly idempotent?: true;
  readonly handle: (call: Call<never, never, never>) => Promise<Reply>;
}

/**
 * Makes a route from what its author writes. Parts that are not given accept nothing: a route without a `body` refuses one,
 * an unknown query parameter is an error.
 * @throws TypeError when the Functions host would refuse the path, or the parts do not fit each other
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
  readonly answer?: z.ZodType | null;
  readonly produces?: string;
  readonly idempotent?: true;
  readonly handle: (call: Call<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<Reply>;
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
  if (method === "GET" && body) return "expected no body: what a GET brings along is not read";
  return undefined;
}
