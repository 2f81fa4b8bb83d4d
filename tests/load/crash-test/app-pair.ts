import { freePort } from "#local/ports.ts";
import type { AppProcess } from "../environment/app-process.ts";
import type { Stage } from "../environment/load-environment.ts";

/** Two app processes at fixed addresses: one that has ended is followed by another at the same place. */
export class Pair {
  readonly #stage: Stage;
  readonly #places: { port: number; app: AppProcess }[] = [];

  static async start(stage: Stage): Promise<Pair> {
    const pair = new Pair(stage);
    for (const port of [await freePort(), await freePort()]) {
      pair.#places.push({ port, app: await stage.startApp({ port }) });
    }
    return pair;
  }

  private constructor(stage: Stage) {
    this.#stage = stage;
  }

  app(which: number): AppProcess {
    return this.#places[which]!.app;
  }

  /** Starts another one at the place of one that has ended; the requests show when it answers. */
  replace(which: number): void {
    const place = this.#places[which]!;
    place.app = this.#stage.launchApp({ port: place.port });
  }

  /** Each minute is too seldom for a campaign: the layer's own jobs, asked for as any other. */
  async upkeep(which: number): Promise<void> {
    for (const job of ["rescue_stuck_runs", "publish_outbox"]) await this.ask(which, `api/admin/jobs/${job}/run`);
  }

  /** @returns the status of the answer, or undefined when there was none in 5 s */
  async ask(which: number, path: string, body?: unknown): Promise<number | undefined> {
    return this.app(which)
      .call("POST", path, body, 5_000)
      .then(
        ({ status }) => status,
        () => undefined,
      );
  }
}
