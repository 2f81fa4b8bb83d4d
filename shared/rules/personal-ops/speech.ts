import { cardinal, MONTHS, ordinal } from "./number-words.ts";
import { oneLine } from "./one-line.ts";
import { dayOrTime, type IncidentFact, type OpsFacts, URGENCY } from "./ops-facts.ts";
import { firstWords, secondsOf, spoken, wordCount } from "./spoken.ts";

/** 30 s at 150 words a minute. */
export const FEWEST_WORDS = 75;
/** 60 s at 150 words a minute. */
export const MOST_WORDS = 150;
/** Words of a stored title. */
const TITLE_WORDS = 12;

/** What a call says. */
export interface Speech {
  /** Words only: numbers, times and dates are spelled out, and nothing in it is markup. */
  readonly script: string;
  readonly words: number;
  readonly seconds: number;
}

const CLOSING = "That is all. Have a good day.";
const REST = "The daily digest has the rest.";

/** What is said when the news alone is shorter than 30 s: it explains the report, and adds none. */
const EXPLANATIONS = [
  "This call only reports: it changes nothing, and it needs no answer from you.",
  "The app has the details of each point, under personal operations.",
  "The daily digest follows, with the most important points of the last twenty-four hours.",
  "Anything critical during the day reaches you at once, by a call or by a text message.",
  "You can read this report again in the app.",
];

/**
 * The script of the morning call: 30 to 60 s at 150 words a minute. The most urgent comes first; what does not fit is
 * left to the digest. After a quiet night it says so, and explains the report.
 */
export function speech(facts: OpsFacts): Speech {
  const opening = [`Good morning. It is ${dayWords(facts.day)}.`];
  const reserved = wordCount([...opening, REST, CLOSING].join(" "));
  const { kept, isWhole } = fitting(newsOf(facts), MOST_WORDS - reserved);
  const sentences = [...opening, ...kept, ...(isWhole ? [] : [REST])];
  for (const sentence of EXPLANATIONS) {
    if (wordCount([...sentences, CLOSING].join(" ")) >= FEWEST_WORDS) break;
    sentences.push(sentence);
  }
  const script = [...sentences, CLOSING].join(" ");
  const words = wordCount(script);
  return { script, words, seconds: secondsOf(words) };
}

/** The sentences that fit, in their order. */
function fitting(sentences: readonly string[], room: number): { kept: string[]; isWhole: boolean } {
  const kept: string[] = [];
  let left = room;
  for (const sentence of sentences) {
    const words = wordCount(sentence);
    if (words > left) continue;
    kept.push(sentence);
    left -= words;
  }
  return { kept, isWhole: kept.length === sentences.length };
}

/** All that could be said, the most urgent first. */
function newsOf(facts: OpsFacts): string[] {
  const { incidents, pendingProposals, workflows, jobs, apiCalls, corrections } = facts;
  const open = incidents.filter(({ isResolved }) => !isResolved).toSorted(byUrgency);
  const critical = open.filter(({ severity }) => severity === "SEV0" || severity === "SEV1");
  const warnings = open.filter(({ severity }) => severity === "WARN");
  const resolved = incidents.length - open.length;
  const failed = workflows.failed.reduce((sum, { count }) => sum + count, 0);
  const isQuiet = open.length === 0 && pendingProposals.count === 0 && failed === 0 && jobs.failed === 0;
  return [
    ...(isQuiet ? ["The night was quiet: nothing waits for you."] : []),
    ...(critical.length ? [isAre(critical.length, "critical incident", "open")] : []),
    ...critical.slice(0, 3).map((incident) => incidentSentence(incident, facts)),
    ...(pendingProposals.count ? [waits(pendingProposals.count)] : []),
    ...pendingProposals.titles.slice(0, 1).map((title) => `The newest is: ${titleWords(title)}.`),
    ...(warnings.length ? [isAre(warnings.length, "warning", "open")] : []),
    ...warnings.slice(0, 2).map((incident) => incidentSentence(incident, facts)),
    ...(failed ? [`${sentenceCount(failed, "workflow execution")} failed.`] : []),
    ...(jobs.failed ? [`${sentenceCount(jobs.failed, "attempt")} of jobs failed.`] : []),
    ...(resolved ? [`${sentenceCount(resolved, "incident")} ended during the night.`] : []),
    ...(jobs.run ? [`Overnight, ${counted(jobs.run, "attempt")} of jobs ran.`] : []),
    ...(corrections.count ? [`You made ${counted(corrections.count, "correction")}.`] : []),
    ...(apiCalls.calls
      ? [
          `There were ${counted(apiCalls.calls, "call")} to outside services, ${cardinal(apiCalls.errors)} with an error.`,
        ]
      : []),
  ];
}

function byUrgency(a: IncidentFact, b: IncidentFact): number {
  return (
    URGENCY.indexOf(a.severity) - URGENCY.indexOf(b.severity) ||
    b.firstSeen.getTime() - a.firstSeen.getTime() ||
    b.id - a.id
  );
}

function incidentSentence({ title, firstSeen }: IncidentFact, facts: OpsFacts): string {
  return `${titleWords(title)}, since ${spoken(dayOrTime(firstSeen, facts))}.`.replace(/\.\.$/, ".");
}

/** A stored title in a few spoken words. */
function titleWords(title: string): string {
  const words = firstWords(spoken(oneLine(title)), TITLE_WORDS).replace(/[!?;:]|\.(?= )/g, ",");
  return words === "" ? "one without a title" : words;
}

function waits(count: number): string {
  return count === 1
    ? "One proposal waits for your decision."
    : `${sentenceCount(count, "proposal")} wait for your decision.`;
}

function isAre(count: number, noun: string, state: string): string {
  return count === 1 ? `One ${noun} is ${state}.` : `${sentenceCount(count, noun)} are ${state}.`;
}

function sentenceCount(count: number, noun: string): string {
  const text = counted(count, noun);
  return text[0]!.toUpperCase() + text.slice(1);
}

function counted(count: number, noun: string): string {
  return `${cardinal(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function dayWords(day: string): string {
  const [, month, date] = day.split("-").map(Number) as [number, number, number];
  const weekday = WEEKDAYS[new Date(`${day}T00:00:00Z`).getUTCDay()]!;
  return `${weekday}, ${MONTHS[month - 1]} ${ordinal(date)}`;
}

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
