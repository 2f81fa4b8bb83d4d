import { z } from "zod";
import type { Access } from "./access-policy.ts";
import type { FileBody, Route } from "./route.ts";

type Json = Readonly<Record<string, unknown>>;

/** An OpenAPI 3.1 document. */
export interface OpenApi {
  readonly openapi: "3.1.1";
  readonly info: Json;
  readonly servers: readonly Json[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components: Json;
}

/** Describes routes by the schemas that check their requests, so the document cannot differ from the app. */
export function openApi(routes: readonly Route[], { title, version }: { title: string; version: string }): OpenApi {
  const byPath = Map.groupBy(routes, ({ path }) => `/${path}`);
  return {
    openapi: "3.1.1",
    info: { title, version, description: "Errors are problem details (RFC 9457)." },
    servers: [{ url: "/" }],
    tags: [...new Set(routes.map(tagOf))].sort().map((name) => ({ name })),
    paths: Object.fromEntries(
      [...byPath].map(([path, all]) => [
        path,
        Object.fromEntries(all.map((route) => [route.method.toLowerCase(), operationOf(route)])),
      ]),
    ),
    components: { schemas: { Problem: problem }, responses: { Problem: problemResponse }, securitySchemes },
  };
}

/** `GET api/admin/jobs/{id}/why` → `getAdminJobsByIdWhy`. */
export function operationId({ method, path }: Pick<Route, "method" | "path">): string {
  const words = path
    .replace(/^api\//, "")
    .replace(/\{(\w+)\}/g, "by_$1")
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
  return method.toLowerCase() + (words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("") || "Root");
}

function operationOf(route: Route): Json {
  const parameters = parametersOf(route);
  return {
    operationId: operationId(route),
    tags: [tagOf(route)],
    summary: route.summary,
    ...(route.access !== "open" && { description: CALLERS[route.access] }),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && { requestBody: requestBodyOf(route.body) }),
    ...(route.file && { requestBody: fileBodyOf(route.file) }),
    responses: responsesOf(route, parameters.length > 0),
    security: SECURITY[route.access],
  };
}

/** `api/admin/jobs/{id}` → `jobs`, `api/v1/exchange-rates` → `exchange-rates`, `api/health/live` → `health`. */
function tagOf({ path }: Route): string {
  const [, first = "", second] = path.split("/");
  return (/^(admin|v\d+)$/.test(first) && second) || first.replace(/\..*$/, "") || "pages";
}

function parametersOf({ params, query, idempotent, conditional }: Route): Json[] {
  const inPath = propertiesOf(params).map((one) => ({ ...one, in: "path", required: true }));
  const inQuery = propertiesOf(query).map((one) => ({ ...one, in: "query" }));
  return [...inPath, ...inQuery, ...(idempotent ? [idempotencyKey] : []), ...(conditional ? [ifMatch] : [])];
}

function propertiesOf(schema: z.ZodType): { name: string; required: boolean; schema: unknown }[] {
  const { properties = {}, required = [] } = jsonSchema(schema) as { properties?: Json; required?: string[] };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    required: required.includes(name),
    schema: property,
  }));
}

function requestBodyOf(body: z.ZodType): Json {
  const content = { "application/json": { schema: jsonSchema(body) } };
  return { required: !body.safeParse({}).success, content };
}

/** OpenAPI 3.1 describes binary content by its media type alone. */
function fileBodyOf({ types, maxBytes }: FileBody): Json {
  const content = Object.fromEntries(types.map((type) => [type, {}]));
  return { required: true, description: `A file of at most ${maxBytes} bytes, with a Content-Length`, content };
}

function responsesOf(route: Route, hasParameters: boolean): Json {
  const { access, response, produces, redirects } = route;
  const body = route.body ?? route.file;
  const content = { [produces ?? "application/json"]: { schema: response ? jsonSchema(response, "output") : {} } };
  const success = response === null ? { description: "Success without a body" } : { description: "Success", content };
  const problems = [
    ...(hasParameters || body ? [400] : []),
    ...(access === "open" ? [] : [401, 403]),
    ...(route.path.includes("{") ? [404] : []),
    ...(body ? [411, 413, 415] : []),
    503,
  ];
  return {
    ...(redirects ? { "302": { description: "Redirect" } } : { "2XX": success }),
    ...Object.fromEntries(problems.map((status) => [String(status), { $ref: "#/components/responses/Problem" }])),
    default: { $ref: "#/components/responses/Problem" },
  };
}

function jsonSchema(schema: z.ZodType, io: "input" | "output" = "input"): Json {
  // Inline: a reference would point into the whole document, which does not contain its target.
  const {
    $schema: _dialect,
    $defs,
    ...rest
  } = z.toJSONSchema(schema, { io, unrepresentable: "any", reused: "inline" });
  return $defs ? (JSON.parse(JSON.stringify(rest, withoutRecursion)) as Json) : rest;
}

/**
 * A recursive schema cannot be inlined. The only one here is JSON of any kind, which the empty schema describes too.
 */
function withoutRecursion(_name: string, value: unknown): unknown {
  const isRecursive = typeof value === "object" && value !== null && "$ref" in value;
  return isRecursive ? {} : value;
}

const CALLERS: Readonly<Record<Exclude<Access, "open">, string>> = {
  key: "For machines with a function key.",
  viewer: "For viewers and operators.",
  operator: "For operators.",
};

const byKey = [{ key: [] }, { keyInQuery: [] }];
const byRole = [...byKey, { entra: [] }];
const SECURITY: Readonly<Record<Access, readonly Json[]>> = { open: [], key: byKey, viewer: byRole, operator: byRole };

const securitySchemes = {
  key: { type: "apiKey", in: "header", name: "x-functions-key" },
  keyInQuery: { type: "apiKey", in: "query", name: "code" },
  entra: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description:
      "Entra ID through Easy Auth, with the app role rota.viewer or rota.operator. A change also needs a header x-rota-request, or to come from the app's own origin.",
  },
};

const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  schema: { type: "string", minLength: 1, maxLength: 255 },
  description: "A repeated key with the same body returns the first result; with another body the response is 422.",
};

const ifMatch = {
  name: "If-Match",
  in: "header",
  required: false,
  schema: { type: "string" },
  description:
    "The ETag of the state that the change is based on; the response is 412 when the state has changed since.",
};

const problem = {
  type: "object",
  required: ["type", "title", "status", "detail"],
  properties: {
    type: { type: "string", format: "uri", description: "urn:rota:problem: followed by the kind of problem" },
    title: { type: "string" },
    status: { type: "integer", minimum: 400, maximum: 599 },
    detail: { type: "string" },
    errors: {
      type: "array",
      description: "The invalid fields",
      items: {
        type: "object",
        required: ["field", "reason"],
        properties: { field: { type: "string" }, reason: { type: "string" } },
      },
    },
  },
};

const problemResponse = {
  description: "Problem details (RFC 9457)",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};
