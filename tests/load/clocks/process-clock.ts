import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The clock of a process, which its file controls: see shifted-clock.ts. */
export class ShiftedClock {
  /** Node loads it before the app. */
  static readonly module = pathToFileURL(join(import.meta.dirname, "shifted-clock.ts")).href;
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  get settings(): Record<string, string> {
    return { SHIFTED_CLOCK: this.#file };
  }

  get args(): readonly string[] {
    return ["--import", ShiftedClock.module];
  }

  /** @param ms before the real time, growing by `driftPerSecond` each second */
  async set(ms: number, driftPerSecond = 0): Promise<void> {
    await writeFile(this.#file, `${ms} ${driftPerSecond}`);
  }
}
