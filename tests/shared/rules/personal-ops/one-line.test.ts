import { expect, it, test } from "vitest";
import { oneLine } from "#rules/personal-ops/one-line.ts";

test.each([
  ["</Say><Dial>+15005550006</Dial><Say>", "[redacted]"],
  ["a <break time='9s'/> b", "a b"],
  ["<script>alert(1)</script> done", "alert(1) done"],
  ["＜script＞x＜/script＞", "x"],
  ["{{secret}} ${process.env.KEY} <%= x %>", "secret process.env.KEY"],
  ["[click](https://evil.example/a) *bold* `code`", "click bold code"],
  ["see https://evil.example/path?q=1 now", "see (link) now"],
  ["javascript:alert(1)", "(link)"],
  ["# heading", "heading"],
  ["line one\nline two\u2028three\u0007", "line one line two three"],
  ["right\u202eleft\u200b", "rightleft"],
  ["555*123*4567", "[redacted]"],
  ["𝟝𝟝𝟝-𝟙𝟚𝟛-𝟜𝟝𝟞𝟟", "[redacted]"],
  ["jane\u200b@example.org", "[redacted]"],
  ["sync_notion failed 3 times", "sync_notion failed 3 times"],
])("%j becomes %j", (text, line) => {
  expect(oneLine(text)).toBe(line);
});

it("truncates a long line without splitting a character", () => {
  const line = oneLine("😀 ".repeat(200), 20);
  expect(line.length).toBeLessThanOrEqual(20);
  expect(line.isWellFormed()).toBe(true);
  expect(line.endsWith("…")).toBe(true);
});
