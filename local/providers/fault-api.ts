import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { z } from "zod";
import type { FakeServer } from "./fake-server.ts";
import { COMMON_FAULTS } from "./fault-injection.ts";

/** The fake servers by the names of their providers. */
export type Providers = Readonly<Record<string, FakeServer<string>>>;

export interface FaultApi {
  readonly url: string;
  close(): Promise<void>;
}

const faultShape = z.strictObject({
  kind: z.enum(COMMON_FAULTS),
  times: z.int().min(1).optional(),
  retryAfter: z.string().optional(),
  location: z.string().optional(),
  only: z.string().min(1).optional(),
});

interface Answer {
  readonly status: number;
  readonly json: object;
}

/**
 * An HTTP API on loopback that injects faults into fake servers: `GET /` lists them, `POST /<provider>/fail` injects a
 * fault such as `{"kind":"503","times":2}`; without `times` it lasts until `POST /<provider>/recover`. `GET
 * /<provider>/sent` lists what a provider accepted for delivery.
 */
export async function startFaultApi(providers: Providers, { port = 0 }: { port?: number } = {}): Promise<FaultApi> {
  const server = createServer((request, response) => {
    answer(providers, request).then(
      ({ status, json }) => {
        response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(json, null, 2)}\n`);
      },
      (error: unknown) => {
        response.writeHead(500, { "content-type": "text/plain" }).end(`${String(error)}\n`);
      },
    );
  });
  await listening(server, port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function answer(providers: Providers, request: IncomingMessage): Promise<Answer> {
  const { method = "", url = "/" } = request;
  const [path = "/"] = url.split("?");
  // A web page of another site must not inject faults; every browser sends this header.
  if (request.headers.origin) return errorAnswer(403, "requests of web pages are not allowed: use a terminal");
  if (method === "GET" && path === "/") {
    return { status: 200, json: Object.fromEntries(Object.keys(providers).map((name) => [name, stateOf(name)])) };
  }
  const [, name = "", verb = ""] = /^\/([\w-]+)\/(fail|recover|sent)$/.exec(path) ?? [];
  if (!verb || method !== (verb === "sent" ? "GET" : "POST")) {
    const known = "GET /, GET /<provider>/sent, POST /<provider>/fail or POST /<provider>/recover";
    return errorAnswer(404, `expected ${known}`);
  }
  const provider = Object.hasOwn(providers, name) ? providers[name] : undefined;
  if (!provider)
    return errorAnswer(404, `there is no fake server ${name}; there are ${Object.keys(providers).join(", ")}`);
  if (verb === "sent") return { status: 200, json: { [name]: provider.sent ?? [] } };
  if (verb === "recover") provider.recover();
  else {
    const fault = faultShape.safeParse(jsonOf(await text(request)));
    if (!fault.success) {
      const [wrong] = fault.error.issues;
      const field = wrong?.path.join(".") || "body";
      return errorAnswer(400, `expected a fault such as {"kind":"503","times":2}; ${field}: ${wrong?.message}`);
    }
    const { kind, ...rest } = fault.data;
    provider.fail({ kind, ...defined(rest) });
  }
  return { status: 200, json: { [name]: stateOf(name) } };

  function stateOf(known: string): object {
    const provider = providers[known]!;
    return { standsAt: provider.origin, requests: provider.requests.length, faults: provider.faults() };
  }
}

function errorAnswer(status: number, error: string): Answer {
  return { status, json: { error } };
}

/** Undefined for malformed JSON: the schema then reports what is expected. */
function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function defined<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

async function listening(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
}
