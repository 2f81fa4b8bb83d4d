import { STATUS_CODES } from "node:http";
import type { Reply } from "./route.ts";

/** One invalid field of a request. */
export interface FieldFault {
  readonly field: string;
  readonly reason: string;
}

/** An error response as problem details (RFC 9457). Handlers throw it, `serve` renders it. */
export class Problem extends Error {
  override name = "Problem";
  readonly status: number;
  /** The kind of problem for machines; `type` is `urn:rota:problem:<code>`. */
  readonly code: string;
  readonly errors: readonly FieldFault[];
  readonly extra: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    detail: string,
    {
      errors = [],
      extra = {},
      headers = {},
    }: {
      errors?: readonly FieldFault[];
      extra?: Readonly<Record<string, unknown>>;
      headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(detail);
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.extra = extra;
    this.headers = headers;
  }
}

/** 400: names each invalid field with the reason. */
export function badRequest(errors: readonly FieldFault[]): Problem {
  const detail = errors.map(({ field, reason }) => `${field}: ${reason}`).join("; ");
  return new Problem(400, "invalid-request", detail, { errors });
}

/** 404. */
export function notFound(detail: string): Problem {
  return new Problem(404, "not-found", detail);
}

/** Renders a problem as `application/problem+json`. */
export function problemReply(problem: Problem): Reply {
  return {
    status: problem.status,
    headers: { ...problem.headers, "content-type": "application/problem+json" },
    json: {
      // First, so that no extra member overwrites one of RFC 9457's.
      ...problem.extra,
      type: `urn:rota:problem:${problem.code}`,
      title: STATUS_CODES[problem.status] ?? "Error",
      status: problem.status,
      detail: problem.message,
      ...(problem.errors.length && { errors: problem.errors }),
    },
  };
}
