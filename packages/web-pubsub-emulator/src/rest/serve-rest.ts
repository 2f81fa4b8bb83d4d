import type { IncomingMessage, ServerResponse } from "node:http";
import { authenticateRequest } from "../authentication.ts";
import { badRequest, HttpError, httpErrorOf, notFound } from "../http-error.ts";
import { decodeSegment } from "../request-url.ts";
import type { Service } from "../service.ts";
import { OPERATIONS } from "./operations.ts";
import type { Reply, RestRequest } from "./rest-request.ts";

const API_VERSIONS = ["2021-10-01", "2022-11-01", "2023-07-01", "2024-01-01", "2024-12-01"];

/** Answers a request to the REST API. Answers every error too; never rejects. */
export async function serveRest(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    write(response, await replyTo(service, request));
  } catch (error) {
    const { status, code, message, body } = httpErrorOf(error);
    service.log("request_refused", { method: request.method, url: request.url, message });
    response.writeHead(status, {
      "content-type": "application/json",
      "x-ms-error-code": code,
      ...(status === 401 && { "www-authenticate": "Bearer" }),
      // The rest of a body that is too large stays unread, so the connection cannot be reused.
      ...(!request.complete && { connection: "close" }),
    });
    response.end(body);
  }
}

async function replyTo(service: Service, request: IncomingMessage): Promise<Reply> {
  const [path = "/", search = ""] = (request.url ?? "/").split(/\?(.*)/s);
  const method = request.method ?? "";
  if (method === "HEAD" && path === "/api/health") return { status: 200 };
  authenticateRequest(service.authentication, request);
  const [, hub, rest] = /^\/api\/hubs\/([^/]+)\/(.+)$/.exec(path) ?? [];
  const { operation, names } = findOperation(method, rest ?? "");
  if (!hub || !operation) throw notFound(`Unknown operation: ${method} ${path}.`);
  const query = new URLSearchParams(search);
  const version = query.get("api-version");
  if (version === null || !API_VERSIONS.includes(version)) {
    throw badRequest(`api-version: expected one of ${API_VERSIONS.join(", ")}, got ${version}.`);
  }
  const { key, endpoint } = service.authentication;
  return operation({
    hub: service.hub(decodeSegment(hub)),
    names,
    query,
    address: `${endpoint()}${path}`,
    contentType: request.headers["content-type"] ?? "",
    body: await readBody(request, service.limits.messageBytes),
    now: service.now(),
    endpoint: endpoint(),
    key,
  });
}

/** Every second segment of a path is a name: `groups/{group}/connections/{id}`. */
function findOperation(
  method: string,
  path: string,
): { operation: ((request: RestRequest) => Reply) | undefined; names: [string, string] } {
  const segments = path.split("/");
  const pattern = `${method} ${segments.map((segment, index) => (index % 2 === 1 ? "*" : segment)).join("/")}`;
  const [first = "", second = ""] = segments.filter((_, index) => index % 2 === 1).map(decodeSegment);
  return { operation: OPERATIONS.get(pattern), names: [first, second] };
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes)
      throw new HttpError(413, "PayloadTooLarge", `Expected a message of at most ${maxBytes} bytes.`);
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
