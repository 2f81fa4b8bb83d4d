import type { Call } from "./command.ts";
import { Failure } from "./failure.ts";
import { findApp, type Whereabouts } from "./whereabouts.ts";

/** An answer that is longer in coming will not come. */
const PATIENCE_MS = 30_000;

/** The app did not answer, or not as an app does that is up: the same question may be answered a little later. */
export class Unanswered extends Failure {}

/** Speaks the admin API. Whatever goes wrong becomes a `Failure` with one sentence that says what to do. */
export class AdminApi {
  readonly #app: Whereabouts;

  constructor(app: Whereabouts) {
    this.#app = app;
  }

  /** The API of the app that this call is about. */
  static async of(call: Pick<Call, "env" | "root">): Promise<AdminApi> {
    return new AdminApi(await findApp(call));
  }

  get url(): string {
    return this.#app.url;
  }

  async get<T>(path: string, query: Readonly<Record<string, string | number | undefined>> = {}): Promise<T> {
    const given = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
    const search = given.toString();
    return this.#ask<T>("GET", search ? `${path}?${search}` : path);
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    return this.#ask<T>("POST", path, JSON.stringify(body));
  }

  async #ask<T>(method: string, path: string, body?: string): Promise<T> {
    const { url, key } = this.#app;
    const response = await fetch(`${url}/${path}`, {
      method,
      headers: {
        accept: "application/json",
        ...(key && { "x-functions-key": key }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body }),
      // A redirect would take the key along to wherever it points.
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).catch((error: unknown) => {
      throw this.#silence(error);
    });
    const text = await response.text().catch((error: unknown) => {
      throw this.#silence(error);
    });
    const json = readJson(response, text);
    if (response.ok && json !== undefined) return json as T;
    throw this.#refusal(response, json, `${method} ${path}`);
  }

  #silence(error: unknown): Failure {
    const { url } = this.#app;
    if ((error as Error).name === "TimeoutError") {
      return new Unanswered(`The app at ${url} took longer than ${PATIENCE_MS / 1_000} s to answer; its log says why.`);
    }
    return new Unanswered(`No app answers at ${url}. Start it with npm start, or set ROTA_URL and ROTA_KEY.`);
  }

  #refusal({ status, headers }: Response, json: unknown, request: string): Failure {
    const { url, key, keySource } = this.#app;
    const detail = problemDetail(json);
    if (status === 401 || status === 403) {
      if (!key) return new Failure(`The app at ${url} asks for a key: set ROTA_KEY to one of its function keys.`);
      const cure =
        keySource === "ROTA_KEY"
          ? "set ROTA_KEY to one of its function keys."
          : "start it anew with npm start, or set ROTA_KEY.";
      const given = keySource === "ROTA_KEY" ? "the key in ROTA_KEY" : "the key that npm start left here";
      return new Failure(`The app at ${url} refuses ${given}: ${detail ?? cure}`);
    }
    const location = headers.get("location");
    if (status >= 300 && status < 400 && location) {
      return new Failure(`${url} leads on to ${location}: set ROTA_URL to the address where the app itself answers.`);
    }
    if (detail === undefined) {
      const got = `${status} ${headers.get("content-type") ?? "without a content type"}`;
      if (status >= 502 && status <= 504)
        return new Unanswered(`The app at ${url} is not up yet (${got}); try again in a moment.`);
      return new Failure(
        `What answers at ${url} is no Rota app: ${request} gave ${got}. Set ROTA_URL to the right address.`,
      );
    }
    if (status === 400 || status === 422) return new Failure(`The app refuses this: ${detail}`);
    const said = `The app says: ${detail}`;
    return status === 503 ? new Unanswered(said) : new Failure(said);
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

/** What went wrong in the words of the app (problem details, RFC 9457). */
function problemDetail(json: unknown): string | undefined {
  if (json === null || typeof json !== "object") return undefined;
  const { detail, title } = json as { detail?: unknown; title?: unknown };
  const said = detail ?? title;
  return typeof said === "string" ? said.replace(/\s+/g, " ") : undefined;
}
