import type { CommandContext } from "./command.ts";
import { CommandError } from "./command-errors.ts";
import { type ConnectionInfo, connectionInfo } from "./connection-info.ts";

/** The timeout of one request. */
const TIMEOUT_MS = 30_000;

/** The app did not answer, or it is starting: the same request may succeed later. */
export class AppUnavailable extends CommandError {}

/** A client of the admin API. Every error becomes a `CommandError` with one sentence that says what to do. */
export class AdminApi {
  readonly #app: ConnectionInfo;

  constructor(app: ConnectionInfo) {
    this.#app = app;
  }

  /** The API of the app that the environment selects. */
  static async of(call: Pick<CommandContext, "env" | "root">): Promise<AdminApi> {
    return new AdminApi(await connectionInfo(call));
  }

  get url(): string {
    return this.#app.url;
  }

  async get<T>(path: string, query: Readonly<Record<string, string | number | undefined>> = {}): Promise<T> {
    const given = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
    const search = given.toString();
    return this.#request<T>("GET", search ? `${path}?${search}` : path);
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    return this.#request<T>("POST", path, JSON.stringify(body));
  }

  async #request<T>(method: string, path: string, body?: string): Promise<T> {
    const { url, key } = this.#app;
    const response = await fetch(`${url}/${path}`, {
      method,
      headers: {
        accept: "application/json",
        ...(key && { "x-functions-key": key }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body }),
      // Following a redirect would send the key to another address.
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: unknown) => {
      throw this.#connectionError(error);
    });
    const text = await response.text().catch((error: unknown) => {
      throw this.#connectionError(error);
    });
    const json = readJson(response, text);
    if (response.ok && json !== undefined) return json as T;
    throw this.#responseError(response, json, `${method} ${path}`);
  }

  #connectionError(error: unknown): CommandError {
    const { url } = this.#app;
    if ((error as Error).name === "TimeoutError") {
      return new AppUnavailable(
        `The app at ${url} did not answer within ${TIMEOUT_MS / 1_000} s: look for the reason in its log.`,
      );
    }
    const start = "Start it with npm start, or set ROTA_STATE to its state folder, or set ROTA_URL and ROTA_KEY.";
    return new AppUnavailable(`No app answers at ${url}. ${start}`);
  }

  #responseError({ status, headers }: Response, json: unknown, request: string): CommandError {
    const { url, key, keySource } = this.#app;
    const detail = problemDetail(json);
    if (status === 401 || status === 403) {
      if (!key) return new CommandError(`The app at ${url} requires a key: set ROTA_KEY to one of its function keys.`);
      const fix =
        keySource === "ROTA_KEY"
          ? "set ROTA_KEY to one of its function keys."
          : "restart it with npm start, or set ROTA_KEY.";
      const given = keySource === "ROTA_KEY" ? "the key in ROTA_KEY" : "the key that npm start stored here";
      return new CommandError(`The app at ${url} rejects ${given}: ${detail ?? fix}`);
    }
    const location = headers.get("location");
    if (status >= 300 && status < 400 && location) {
      return new CommandError(`${url} redirects to ${location}: set ROTA_URL to the address of the app itself.`);
    }
    if (detail === undefined) {
      const got = `${status} ${headers.get("content-type") ?? "without a content type"}`;
      if (status >= 502 && status <= 504)
        return new AppUnavailable(`The app at ${url} is not up yet (${got}); try again in a moment.`);
      return new CommandError(
        `The server at ${url} is not a Rota app: ${request} gave ${got}. Set ROTA_URL to the right address.`,
      );
    }
    if (status === 400 || status === 422) return new CommandError(`The app rejects this request: ${detail}`);
    const message = `The app answers: ${detail}`;
    return status === 503 ? new AppUnavailable(message) : new CommandError(message);
  }
}

function readJson(response: Response, text: string): unknown {
  if (!/^application\/([\w.+-]+\+)?json\b/i.test(response.headers.get("content-type") ?? "")) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The error message of the app (problem details, RFC 9457). */
function problemDetail(json: unknown): string | undefined {
  if (json === null || typeof json !== "object") return undefined;
  const { detail, title } = json as { detail?: unknown; title?: unknown };
  const message = detail ?? title;
  return typeof message === "string" ? message.replace(/\s+/g, " ") : undefined;
}
