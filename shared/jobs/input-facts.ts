import type { Executor } from "#data/client.ts";
import type { Config } from "#settings/config.ts";

/** What the check of an input may use. */
export interface InputFacts {
  /** For reading. */
  readonly db: Executor;
  readonly settings: Config;
  /** The instant that the run stands for. */
  readonly asOf: Date;
}
