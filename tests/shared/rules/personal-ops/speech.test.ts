import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { URGENCY } from "#rules/personal-ops/ops-facts.ts";
import { FEWEST_WORDS, MOST_WORDS, speech } from "#rules/personal-ops/speech.ts";
import { incident, quiet } from "./ops-facts.ts";

it("reports critical incidents, approvals and the night, in words only", () => {
  const { script } = speech({
    ...quiet,
    incidents: [
      incident(1, { title: "Disk 97% full on db-2", severity: "WARN" }),
      incident(2, { title: "Invoice 4711 failed 3 times", severity: "SEV0" }),
      incident(3, { isResolved: true }),
    ],
    pendingProposals: { count: 21, titles: ["Retry at 14:05"], at: new Date() },
    jobs: { run: 1_204, failed: 2, at: new Date() },
    apiCalls: { calls: 30, errors: 0 },
  });
  expect(script).toBe(
    "Good morning. It is Tuesday, December first. One critical incident is open. " +
      "Invoice four thousand seven hundred eleven failed three times, since four oh five a.m. " +
      "Twenty-one proposals wait for your decision. The newest is: Retry at two oh five p.m. " +
      "One warning is open. Disk ninety-seven percent full on db two, since four oh five a.m. " +
      "Two attempts of jobs failed. One incident ended during the night. " +
      "Overnight, one thousand two hundred four attempts of jobs ran. " +
      "There were thirty calls to outside services, zero with an error. That is all. Have a good day.",
  );
});

it("says that a night was quiet, and takes 30 seconds for it", () => {
  const { script, words, seconds } = speech(quiet);
  expect(script).toContain("The night was quiet: nothing waits for you.");
  expect(words).toBeGreaterThanOrEqual(FEWEST_WORDS);
  expect(seconds).toBeGreaterThanOrEqual(30);
});

it("leaves what does not fit to the digest", () => {
  const long = "word ".repeat(40);
  const incidents = URGENCY.flatMap((severity, i) =>
    [1, 2, 3].map((n) => incident(i * 10 + n, { severity, title: long })),
  );
  const many = { count: 999_999_999, titles: [long], at: new Date() };
  const { script, words } = speech({
    ...quiet,
    incidents,
    pendingProposals: many,
    corrections: many,
    workflows: { failed: [{ name: long, count: 777_777_777 }], at: null },
    jobs: { run: 777_777_777, failed: 777_777_777, at: null },
    apiCalls: { calls: 777_777_777, errors: 777_777_777 },
  });
  expect(words).toBeLessThanOrEqual(MOST_WORDS);
  expect(script).toContain("The daily digest has the rest. That is all.");
});

describe("for any facts", () => {
  const count = fc.integer({ min: 0, max: 2_000_000_000 });
  const title = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.constantFrom(
      "</Say><Redirect>http://x</Redirect>",
      "<speak><break time='60s'/></speak>",
      "日本語の題名".repeat(40),
    ),
  );
  const newest = fc.record({ count, titles: fc.array(title, { maxLength: 3 }), at: fc.constant(null) });
  const facts = fc.record({
    incidents: fc.array(
      fc
        .record({ severity: fc.constantFrom(...URGENCY), title, isResolved: fc.boolean(), occurrences: count })
        .map((given) => incident(1, given)),
      { maxLength: 8 },
    ),
    pendingProposals: newest,
    corrections: newest,
    jobs: fc.record({ run: count, failed: count, at: fc.constant(null) }),
    apiCalls: fc.record({ calls: count, errors: count }),
  });

  it("takes 30 to 60 seconds, without a digit and without markup", () => {
    fc.assert(
      fc.property(facts, (given) => {
        const { script, words, seconds } = speech({ ...quiet, ...given });
        expect(words).toBeGreaterThanOrEqual(FEWEST_WORDS);
        expect(words).toBeLessThanOrEqual(MOST_WORDS);
        expect(seconds).toBe((words / 150) * 60);
        expect(script).not.toMatch(/[\p{N}<>&{}[\]"*_#`$@/\\|=]/u);
        expect(script).toMatch(/^Good morning\. .* Have a good day\.$/);
      }),
    );
  });
});
