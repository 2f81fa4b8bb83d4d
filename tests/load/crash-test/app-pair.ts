import { freePort } from "#local/ports.ts";
import type { AppProcess } from "../environment/app-process.ts";
import type { LoadEnvironment } from "../environment/load-environment.ts";

/** Two app processes at fixed addresses. A new process replaces an ended one at the same address. */
export class AppPair {
  readonly #stage: LoadEnvironment;
  readonly #places: { port: number; app: AppProcess }[] = [];

  static async start(environment: LoadEnvironment): Promise<AppPair> {
    const pair = new AppPair(environment);
    for (const port of [await freePort(), await freePort()]) {
      pair.#places.push({ port, app: await environment.startApp({ port }) });
    }
    return pair;
  }

  private constructor(environment: LoadEnvironment) {
    this.#stage = environment;
  }

  app(which: number): AppProcess {
    return this.#places[which]!.app;
  }

  /** Starts a new process at the address of an ended one, without waiting. */
  replace(which: number): void {
    const place = this.#places[which]!;
    place.app = this.#stage.launchApp({ port: place.port });
  }

  /** Requests the upkeep jobs of the layer, more often than each minute. */
  async upkeep(which: number): Promise<void> {
    for (const job of ["rescue_stuck_runs", "dispatch_overdue_runs"])
      await this.ask(which, `api/admin/jobs/${job}/run`);
  }

  /** @returns the status of the answer, or undefined without an answer in 5 s */
  async ask(which: number, path: string, body?: unknown): Promise<number | undefined> {
    return this.app(which)
      .call("POST", path, body, 5_000)
      .then(
        ({ status }) => status,
        () => undefined,
      );
  }
}
