import { setTimeout as sleep } from "node:timers/promises";

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { parameters?: readonly Parameter[] }>>>>;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
}

/** An answer that the campaign does not allow. */
export interface Fault {
  readonly request: string;
  readonly answer: string;
}

/** Clients of the API that read every route, run every job and write, again and again. */
export class Traffic {
  readonly #urls: readonly string[];
  readonly #key: string;
  readonly #end: number;
  requests = 0;
  runs = 0;
  readonly faults: Fault[] = [];

  constructor(urls: readonly string[], { key, ms }: { key: string; ms: number }) {
    this.#urls = urls;
    this.#key = key;
    this.#end = Date.now() + ms;
  }

  /** Runs all clients until the time is over. @param onTick called about once a second */
  async flow(onTick: () => Promise<void>): Promise<void> {
    const paths = await this.#readablePaths();
    const jobs = await this.#jobs();
    await Promise.all([
      ...[0, 1, 2, 3].map((n) => this.#again(n, () => this.#readAll(paths, n))),
      ...[0, 1, 2, 3].map((n) => this.#again(n, () => this.call(n, "GET", "api/admin/jobs"))),
      this.#again(0, () => this.#runAll(jobs)),
      this.#again(1, () => this.#run("ingest_county_liens", 1)),
      this.#again(0, () => this.#write(0)),
      this.#again(1, async () => {
        await onTick();
        await sleep(1_000);
      }),
    ]);
  }

  /** @param n chooses the process @returns the body; undefined for an answer that is not JSON */
  async call(n: number, method: string, path: string, body?: unknown): Promise<unknown> {
    const request = `${method} ${path}`;
    this.requests += 1;
    try {
      const response = await fetch(`${this.#urls[n % this.#urls.length]}/${path}`, {
        method,
        headers: { "x-functions-key": this.#key, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(60_000),
      });
      const text = await response.text();
      if (response.status >= 500) this.faults.push({ request, answer: `${response.status} ${text.slice(0, 300)}` });
      return response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : undefined;
    } catch (error) {
      this.faults.push({ request, answer: String((error as Error).cause ?? error) });
      return undefined;
    }
  }

  async #again(n: number, work: () => Promise<unknown>): Promise<void> {
    while (Date.now() < this.#end) {
      await work();
      // A client that gets its answer at once leaves the others a turn.
      await sleep(n + 5);
    }
  }

  async #readAll(paths: readonly string[], n: number): Promise<void> {
    // Each client starts at another place.
    const from = Math.floor((paths.length * n) / 4);
    for (const path of [...paths.slice(from), ...paths.slice(0, from)]) {
      if (Date.now() > this.#end) return;
      await this.call(n, "GET", path);
    }
  }

  async #runAll(jobs: readonly string[]): Promise<void> {
    for (const id of jobs) {
      if (Date.now() > this.#end) return;
      await this.#run(id, 0);
      await sleep(20);
    }
  }

  async #run(id: string, n: number): Promise<void> {
    const input = id === "ingest_county_liens" ? { countyId: "sample-county" } : {};
    await this.call(n, "POST", `api/admin/jobs/${id}/run?wait=20`, input);
    this.runs += 1;
  }

  async #write(n: number): Promise<void> {
    const dueAt = new Date(Date.now() - 60_000).toISOString();
    const task = (await this.call(n, "POST", "api/tasks", { owner: "ada", title: "Call the county", dueAt })) as
      { id?: string } | undefined;
    if (task?.id === undefined) return;
    await this.call(n, "POST", `api/tasks/${task.id}/reminders`, { remindAt: dueAt, channels: ["in_app"] });
    await this.call(n, "POST", `api/tasks/${task.id}/complete`, {});
  }

  /** Every GET route, with the id of something that exists, or else of nothing. */
  async #readablePaths(): Promise<string[]> {
    const { paths } = (await this.call(0, "GET", "api/openapi.json")) as OpenApi;
    const found: string[] = [];
    for (const [template, operations] of Object.entries(paths)) {
      if (!operations.get) continue;
      const needed = (operations.get.parameters ?? []).filter(
        ({ in: place, required }) => place === "query" && required,
      );
      const query = needed.map(({ name }) => `${name}=ada`).join("&");
      const path = template.slice(1).replace(/\{\w+\}/, await this.#idFor(template));
      found.push(query ? `${path}?${query}` : path);
    }
    return found;
  }

  async #idFor(template: string): Promise<string> {
    const list = template.slice(1, template.indexOf("/{") < 0 ? undefined : template.indexOf("/{"));
    if (!template.includes("{")) return "";
    const body = ((await this.call(0, "GET", list)) ?? {}) as Record<string, unknown>;
    const items = Object.values(body).find((value) => Array.isArray(value)) as Record<string, string>[] | undefined;
    const first = items?.[0];
    return encodeURIComponent(first?.id ?? first?.symbol ?? "00000000-0000-7000-8000-000000000000");
  }

  async #jobs(): Promise<string[]> {
    const { jobs } = (await this.call(0, "GET", "api/admin/jobs")) as { jobs: { id: string }[] };
    return jobs.map(({ id }) => id);
  }
}
