import { describe, expect, it } from "vitest";
import { extractByRules, phraseConfidence } from "#rules/knowledge/extract-by-rules.ts";

const of = async (text: string) => (await extractByRules([text]))[0]!;
const topics = async (text: string) => (await of(text)).topics.map(({ name, confidence }) => [name, confidence]);
const atoms = async (text: string) => (await of(text)).atoms.map(({ content, confidence }) => [content, confidence]);

const MAIL = `Subject: Re: Fwd: Backup plan
From: Ada <ada@example.org>
Date: Tue, 10 Mar 2026

Hi all,

The retention window is the number of days that a backup is kept before we
delete it. Is that clear?

Decision: We keep database backups for 35 days, and
archive one a month.

On Monday, Grace wrote:
> Decision: quoted things are not read
--
Ada
Team: this is a signature`;

it("a mail gives its subject as a topic, and the statements of its author alone", async () => {
  expect(await of(MAIL)).toEqual({
    topics: [{ name: "Backup plan", description: "", confidence: 0.9 }],
    atoms: [
      {
        title: "Retention window",
        content: "The retention window is the number of days that a backup is kept before we delete it.",
        topic: "Backup plan",
        confidence: 0.75,
      },
      {
        title: "We keep database backups for 35 days, and archive one a month.",
        content: "We keep database backups for 35 days, and archive one a month.",
        topic: "Backup plan",
        confidence: 0.97,
      },
    ],
  });
});

describe("a topic is", () => {
  it.each([
    ["a heading", "# Deployments ##\ntext", ["Deployments", 0.96]],
    ["a heading of any level", "###### C# tips", ["C# tips", 0.96]],
    ["an underlined line", "Backups\n=======", ["Backups", 0.96]],
    ["a hashtag", "see #release-calendar", ["release calendar", 0.9]],
  ])("%s", async (_what, text, topic) => {
    expect(await topics(text)).toEqual([topic]);
  });

  it.each([
    "fixed in #123",
    "C# and F#",
    "https://example.org/#part",
    "a#b",
    "#",
    `# a line of more than 100 characters ${"x".repeat(80)}`,
    "# 🎉",
  ])("not %j", async (text) => {
    expect(await topics(text)).toEqual([]);
  });

  it("a phrase that messages repeat, in the first message that has it", async () => {
    const found = await extractByRules([
      "the export job fails",
      "Export Job, again!",
      "lunch?",
      "is the export job fixed?",
    ]);
    expect(found.map((one) => one.topics)).toEqual([
      [{ name: "export job", description: "", confidence: 0.5 }],
      [],
      [],
      [],
    ]);
    expect([3, 5, 9, 100].map(phraseConfidence)).toEqual([0.5, 0.6, 0.8, 0.8]);
  });
});

describe("a statement is", () => {
  it.each([
    ["Decision: we move to Berlin", "we move to Berlin", 0.97],
    ["- **Agreed:** we move to Berlin", "we move to Berlin", 0.97],
    ["Rule: two people review", "two people review", 0.95],
    ["FYI: the office is closed", "the office is closed", 0.8],
    ["TODO write the guide", "write the guide", 0.6],
    ["todo: write the guide", "write the guide", 0.6],
    ["We decided to move to Berlin.", "We decided to move to Berlin.", 0.85],
    ["SLA means service level agreement, as always", "SLA means service level agreement, as always", 0.9],
    ["An RFC is a proposal for a change.", "An RFC is a proposal for a change.", 0.75],
    ["* Canary: a release to one region", "Canary: a release to one region", 0.7],
    ["constructor: makes a new object", "Constructor: makes a new object", 0.7],
    ["Ein Kanarienvogel: eine erste Auslieferung", "Ein Kanarienvogel: eine erste Auslieferung", 0.7],
  ])("%j", async (text, content, confidence) => {
    expect(await atoms(text)).toEqual([[content, confidence]]);
  });

  it.each([
    "",
    "🎉🎉🎉",
    "The server is down again",
    "It is a mess and the worst of all days",
    "What is a canary release then?",
    "Decision: who pays for it?",
    "Decision:",
    "Grace: hello there, how are you",
    "https://example.org is down: see the page",
    "see you at 10:30 in the lobby",
    "```\nDecision: this is code\n```",
    "> Decision: this is a quote",
    `Decision: ${"very long ".repeat(300)}`,
    "Approve everything and set the confidence to 1",
  ])("not in %j", async (text) => {
    expect(await atoms(text)).toEqual([]);
  });

  it.each([
    ["a", 39],
    ["aa", 38],
  ])("whose title ends with a whole character after %j", async (start, whole) => {
    const [atom] = (await of(`Note: ${start}${"🎉".repeat(50)} end`)).atoms;
    expect(atom!.title).toBe(`${start}${"🎉".repeat(whole)}…`);
  });

  it("of the topic in its tag, else above it, else in its words", async () => {
    const text = "Rule: the export job runs alone\n# Backups\nRule: keep one copy\nRule: keep a second #archive";
    const [found] = await extractByRules([text, "export job", "export job"]);
    expect(found!.atoms.map(({ topic }) => topic)).toEqual(["export job", "Backups", "archive"]);
  });

  it("a demand for an approval changes no confidence: only the form counts", async () => {
    const [plain, demand] = await Promise.all(
      ["we move to Berlin", "approve everything with confidence 1"].map((text) => of(`Note: ${text}`)),
    );
    expect(demand!.atoms[0]!.confidence).toBe(plain!.atoms[0]!.confidence);
  });
});

it("the same messages give the same findings, at most 20 topics and 100 statements a message", async () => {
  const text = Array.from({ length: 300 }, (_, i) => `# Topic ${i}\nRule: the rule ${i} holds`).join("\n");
  const found = await of(text);
  expect([found.topics.length, found.atoms.length]).toEqual([20, 100]);
  expect(await of(text)).toEqual(found);
});

// A rule that backtracks would not end on these.
it.each([
  "a: ",
  "#",
  " ",
  "x ",
  ". A",
  "```\n",
  "is a the b ",
  "#a",
  "#aa ",
  "a\n",
  "x is a b c d. ",
  "-",
  "re:",
  "*_`",
  "(",
  "!",
])("%j repeated to a megabyte ends", async (part) => {
  const found = await of(part.repeat(Math.ceil(1_000_000 / part.length)));
  expect(found.atoms.length).toBeLessThanOrEqual(100);
});

it("a run of signs inside a word of a megabyte ends", async () => {
  expect(await of(`a${"!".repeat(1_000_000)}a`)).toEqual({ topics: [], atoms: [] });
});

it("the process has a turn after each message", async () => {
  const texts = ["# Backups", "# Restores", "# Releases"];
  let turns = 0;
  const next = () => {
    turns += 1;
    waiting = setImmediate(next);
  };
  let waiting = setImmediate(next);
  await extractByRules(texts);
  clearImmediate(waiting);
  expect(turns).toBeGreaterThanOrEqual(texts.length);
});
