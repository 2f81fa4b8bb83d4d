import { Stage } from "./stage.ts";

/** What a script has measured and what it claims. */
export class Claims {
  readonly #lines: string[] = [];
  readonly #broken: string[] = [];

  /** A figure that proves nothing by itself. */
  figure(what: string, value: number | string): void {
    this.#lines.push(`  ${what.padEnd(66)} ${value}`);
  }

  /** A figure that has to be exactly that. */
  claim(what: string, value: number | string, expected: number | string): void {
    const holds = value === expected;
    this.#lines.push(`${holds ? "✔" : "✘"} ${what.padEnd(66)} ${value}${holds ? "" : ` (expected ${expected})`}`);
    if (!holds) this.#broken.push(what);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  get broken(): readonly string[] {
    return this.#broken;
  }
}

/** Sets the stage, runs a script on it, prints what came out, and ends the process: with 1 when a claim does not hold. */
export async function onStage(title: string, script: (stage: Stage, claims: Claims) => Promise<void>): Promise<never> {
  console.log(title);
  const started = performance.now();
  const stage = await Stage.open();
  const claims = new Claims();
  const stopped = () => void stage.close({ keep: false }).then(() => process.exit(130));
  process.once("SIGINT", stopped).once("SIGTERM", stopped);
  let trouble: unknown;
  try {
    await script(stage, claims);
  } catch (error) {
    trouble = error;
  }
  for (const line of claims.lines) console.log(line);
  const failed = trouble !== undefined || claims.broken.length > 0;
  await stage.close({ keep: failed });
  if (trouble !== undefined) console.error(trouble);
  if (failed) {
    console.error(`\nFAILED: ${claims.broken.join("; ") || "the script did not come to its end"}`);
    console.error(`Logs and data are kept in ${stage.directory}`);
  } else console.log(`\nAll of it holds. It took ${((performance.now() - started) / 1_000).toFixed(0)} s.`);
  process.exit(failed ? 1 : 0);
}
