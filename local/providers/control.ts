import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { GENERAL_FAULTS } from "./fault.ts";
import type { StandIn } from "./stand-in.ts";

/** The stand-ins by the names of what they stand in for. */
export type Providers = Readonly<Record<string, StandIn<string>>>;

export interface ProviderControl {
  readonly url: string;
  close(): Promise<void>;
}

const faultShape = z.strictObject({
  kind: z.enum(GENERAL_FAULTS),
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
 * Breaks and mends stand-ins from outside, on loopback: `GET /` shows them, `POST /<provider>/fail` with a fault such as
 * `{"kind":"503","times":2}` breaks one, until `POST /<provider>/recover` when `times` is left out.
 */
export async function startProviderControl(
  providers: Providers,
  { port = 0 }: { port?: number } = {},
): Promise<ProviderControl> {
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
  // A web page elsewhere must not break what is demonstrated here; no browser leaves this header out.
  if (request.headers.origin) return refusal(403, "this is no place for web pages: ask from a terminal");
  if (method === "GET" && path === "/") {
    return { status: 200, json: Object.fromEntries(Object.keys(providers).map((name) => [name, stateOf(name)])) };
  }
  const [, name = "", verb = ""] = /^\/([\w-]+)\/(fail|recover)$/.exec(path) ?? [];
  if (method !== "POST" || !verb) {
    return refusal(404, "expected GET /, POST /<provider>/fail or POST /<provider>/recover");
  }
  const provider = Object.hasOwn(providers, name) ? providers[name] : undefined;
  if (!provider) return refusal(404, `there is no stand-in ${name}; there are ${Object.keys(providers).join(", ")}`);
  if (verb === "recover") provider.recover();
  else {
    const fault = faultShape.safeParse(jsonOf(await text(request)));
    if (!fault.success) {
      const [wrong] = fault.error.issues;
      const field = wrong?.path.join(".") || "body";
      return refusal(400, `expected a fault such as {"kind":"503","times":2}; ${field}: ${wrong?.message}`);
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

function refusal(status: number, error: string): Answer {
  return { status, json: { error } };
}

/** Undefined is no fault either: the schema says what was expected. */
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
