import type { IncomingMessage, ServerResponse } from "node:http";
import { authorize } from "../access.ts";
import { decodedPart } from "../address.ts";
import { Refusal } from "../refusal.ts";
import type { Service } from "../service.ts";
import { OPERATIONS } from "./operations.ts";
import type { Reply, RestRequest } from "./request.ts";

const VERSIONS = ["2021-10-01", "2022-11-01", "2023-07-01", "2024-01-01", "2024-12-01"];

/** Answers one request to the REST API. Whatever goes wrong is an answer, too. */
export async function serveRest(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    write(response, await replyTo(service, request));
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(500, "InternalServerError", String(error));
    service.log("request_refused", { method: request.method, url: request.url, message: refusal.message });
    // What is left of a body that is too large is not waited for.
    response.writeHead(refusal.status, {
      "content-type": "application/json",
      "x-ms-error-code": refusal.code,
      ...(refusal.status === 401 && { "www-authenticate": "Bearer" }),
      ...(!request.complete && { connection: "close" }),
    });
    response.end(refusal.body);
  }
}

async function replyTo(service: Service, request: IncomingMessage): Promise<Reply> {
  const [path = "/", search = ""] = (request.url ?? "/").split(/\?(.*)/s);
  const method = request.method ?? "";
  if (method === "HEAD" && path === "/api/health") return { status: 200 };
  authorize(service.access, request);
  const [, hub, rest] = /^\/api\/hubs\/([^/]+)\/(.+)$/.exec(path) ?? [];
  const { operation, names } = find(method, rest ?? "");
  if (!hub || !operation) throw new Refusal(404, "NotFound", `No such operation: ${method} ${path}.`);
  const query = new URLSearchParams(search);
  const version = query.get("api-version");
  if (version === null || !VERSIONS.includes(version)) {
    throw new Refusal(400, "BadRequest", `api-version: expected one of ${VERSIONS.join(", ")}, got ${version}.`);
  }
  const { key, endpoint } = service.access;
  return operation({
    hub: service.hub(decodedPart(hub)),
    names,
    query,
    address: `${endpoint()}${path}`,
    contentType: request.headers["content-type"] ?? "",
    body: await bodyOf(request, service.limits.messageBytes),
    now: service.now(),
    endpoint: endpoint(),
    key,
  });
}

/** Every second part of a path is a name: `groups/{group}/connections/{id}`. */
function find(method: string, path: string): { operation?: (request: RestRequest) => Reply; names: [string, string] } {
  const parts = path.split("/");
  const shape = `${method} ${parts.map((part, index) => (index % 2 === 1 ? "*" : part)).join("/")}`;
  const [first = "", second = ""] = parts.filter((_, index) => index % 2 === 1).map(decodedPart);
  const operation = Object.hasOwn(OPERATIONS, shape) ? OPERATIONS[shape] : undefined;
  return { ...(operation && { operation }), names: [first, second] };
}

async function bodyOf(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new Refusal(413, "PayloadTooLarge", `Expected a message of at most ${limit} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function write(response: ServerResponse, { status, body }: Reply): void {
  if (!body) {
    response.writeHead(status).end();
    return;
  }
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
