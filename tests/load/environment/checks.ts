import { LoadEnvironment } from "./load-environment.ts";

/** The figures and checks of a script. */
export class Checks {
  readonly #lines: string[] = [];
  readonly #failed: string[] = [];

  /** Records a figure without a check. */
  figure(what: string, value: number | string): void {
    this.#lines.push(`  ${what.padEnd(66)} ${value}`);
  }

  /** Records a figure that must equal `expected`. */
  equal(what: string, value: number | string, expected: number | string): void {
    const isEqual = value === expected;
    this.#lines.push(`${isEqual ? "✔" : "✘"} ${what.padEnd(66)} ${value}${isEqual ? "" : ` (expected ${expected})`}`);
    if (!isEqual) this.#failed.push(what);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  get failed(): readonly string[] {
    return this.#failed;
  }
}

/** Starts the environment, runs a script in it, prints its figures, and ends the process: with 1 when a check fails. */
export async function runInEnvironment(
  title: string,
  script: (environment: LoadEnvironment, checks: Checks) => Promise<void>,
  options?: Parameters<typeof LoadEnvironment.open>[0],
): Promise<never> {
  console.log(title);
  const started = performance.now();
  const environment = await LoadEnvironment.open(options);
  const checks = new Checks();
  const stopped = () => void environment.close({ keep: false }).then(() => process.exit(130));
  process.once("SIGINT", stopped).once("SIGTERM", stopped);
  let scriptError: unknown;
  try {
    await script(environment, checks);
  } catch (error) {
    scriptError = error;
  }
  for (const line of checks.lines) console.log(line);
  const failed = scriptError !== undefined || checks.failed.length > 0;
  await environment.close({ keep: failed });
  if (scriptError !== undefined) console.error(scriptError);
  if (failed) {
    console.error(`\nFAILED: ${checks.failed.join("; ") || "the script did not finish"}`);
    console.error(`Logs and data are kept in ${environment.directory}`);
  } else console.log(`\nAll checks passed. It took ${((performance.now() - started) / 1_000).toFixed(0)} s.`);
  process.exit(failed ? 1 : 0);
}
