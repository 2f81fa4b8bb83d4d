import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { RuleTester } from "eslint";
import { describe, expect, it } from "vitest";
import { commentWidth } from "../../../scripts/lint/comment-width.ts";
import { literalPatterns } from "../../../scripts/lint/literal-patterns.ts";
import { plainWords, refusedWords } from "../../../scripts/lint/plain-words.ts";

RuleTester.describe = describe;
RuleTester.it = it;

const root = join(import.meta.dirname, "../../..");
const errors = (count: number) => Array.from({ length: count }, () => ({ messageId: "refused" }));

new RuleTester().run("plain-words", plainWords, {
  valid: [
    "// The sweep re-sends the run.",
    'const action = "go on";',
    'log.info("The lease expired; the rescuer takes the run over");',
    "const nobody = 1;",
  ],
  invalid: [
    { code: "/** Whoever held it is asked again. */", errors: errors(1) },
    { code: 'throw new Error("nobody is told of that");', errors: errors(2) },
    { code: "log.info(`the run ${id} goes on elsewhere`);", errors: errors(1) },
  ],
});

const wide = `// ${"word ".repeat(30)}`;
new RuleTester().run("comment-width", commentWidth, {
  valid: [`const text = "${"x".repeat(200)}";`, "// https://example.test/" + "x".repeat(200)],
  invalid: [
    { code: wide, errors: [{ messageId: "wide", line: 1 }] },
    { code: `/**\n * short\n * ${"word ".repeat(30)}\n */`, errors: [{ messageId: "wide", line: 3 }] },
  ],
});

new RuleTester().run("literal-patterns", literalPatterns, {
  valid: ["/a+/.test(text);", "text.match(/a+/g);", "address.match(RANGES);", "wholeMatch(pattern)(text);"],
  invalid: [
    { code: "new RegExp(pattern).test(text);", errors: errors(1) },
    { code: 'RegExp("^" + pattern);', errors: errors(1) },
    { code: "text.match(pattern);", errors: errors(1) },
    { code: "text.search(`${prefix}.*`);", errors: errors(1) },
  ],
});

it("the README and the guides contain none of the refused words", async () => {
  const faults: string[] = [];
  for await (const file of glob(["*.md", "docs/**/*.md", "packages/*/*.md"], { cwd: root })) {
    // The changelog is a record of what was written then.
    if (file === "CHANGELOG.md") continue;
    const lines = (await readFile(join(root, file), "utf8")).split("\n");
    for (const [n, line] of lines.entries())
      for (const fault of refusedWords(line)) faults.push(`${file}:${n + 1}: ${fault}`);
  }
  expect(faults).toEqual([]);
});
