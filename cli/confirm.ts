import { createInterface } from "node:readline/promises";
import { UsageError } from "./command-errors.ts";
import type { Output } from "./output.ts";

/**
 * Asks before a change. The end of the input counts as no.
 * @throws UsageError where no terminal can answer
 */
export async function confirm(out: Output, question: string): Promise<boolean> {
  if (!out.isTerminal || !process.stdin.isTTY) throw new UsageError(`${question} Answer it with --yes.`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const ended = new Promise<string>((resolve) =>
    terminal.once("close", () => {
      resolve("");
    }),
  );
  try {
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
