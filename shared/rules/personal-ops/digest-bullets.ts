import { counted } from "#text/counted.ts";
import { oneLine } from "./one-line.ts";
import { dayOrTime, type IncidentFact, type Newest, type OpsFacts, URGENCY } from "./ops-facts.ts";

/** The most bullets of a digest. */
export const MOST_BULLETS = 5;

/** One line of the digest, safe to send as plain text. */
export interface Bullet {
  readonly severity: (typeof URGENCY)[number];
  readonly text: string;
}

interface Candidate extends Bullet {
  /** Since when it is so: the newer, the more of a novelty. */
  readonly at: Date | null;
}

/**
 * What a day's digest says, at most five bullets: the most urgent first, then what is newer. The same facts give the
 * same bullets. A day without news has one bullet.
 */
export function digestBullets(facts: OpsFacts): readonly Bullet[] {
  const candidates = [
    ...facts.incidents.map((incident) => incidentBullet(incident, facts)),
    ...newestBullet("WARN", workflowLine(facts), facts.workflows.at),
    ...newestBullet("WARN", jobLine(facts), facts.jobs.at),
    ...newestBullet("INFO", newestLine(facts.proposals, "new proposal"), facts.proposals.at),
    ...newestBullet("INFO", newestLine(facts.corrections, "correction"), facts.corrections.at),
    ...newestBullet("INFO", apiLine(facts), null),
  ];
  const chosen = candidates.toSorted(
    (a, b) => URGENCY.indexOf(a.severity) - URGENCY.indexOf(b.severity) || timeOf(b) - timeOf(a),
  );
  if (chosen.length === 0) return [{ severity: "INFO", text: "Nothing happened that needs you" }];
  return chosen.slice(0, MOST_BULLETS).map(({ severity, text }) => ({ severity, text }));
}

function timeOf({ at }: Candidate): number {
  return at?.getTime() ?? 0;
}

function incidentBullet(incident: IncidentFact, facts: OpsFacts): Candidate {
  const { severity, title, isResolved, occurrences, firstSeen } = incident;
  const state = isResolved ? "resolved" : `open since ${dayOrTime(firstSeen, facts)}`;
  const times = occurrences > 1 ? `, ${occurrences} times` : "";
  return { severity, text: `${oneLine(title)} (${state}${times})`, at: firstSeen };
}

function newestBullet(severity: Candidate["severity"], text: string | null, at: Date | null): Candidate[] {
  return text === null ? [] : [{ severity, text, at }];
}

function newestLine({ count, titles }: Newest, noun: string): string | null {
  if (count === 0) return null;
  const shown = titles.slice(0, 2).map((title) => oneLine(title, 80));
  const more = count > shown.length ? `, and ${number(count - shown.length)} more` : "";
  return `${number(count)} ${noun}${count === 1 ? "" : "s"}: ${shown.join("; ")}${more}`;
}

function workflowLine({ workflows: { failed } }: OpsFacts): string | null {
  if (failed.length === 0) return null;
  const total = failed.reduce((sum, { count }) => sum + count, 0);
  const shown = failed.slice(0, 3).map(({ name, count }) => `${oneLine(name, 60)} ${number(count)}`);
  return `${number(total)} failed ${total === 1 ? "workflow execution" : "workflow executions"}: ${shown.join(", ")}${failed.length > 3 ? ", and others" : ""}`;
}

function jobLine({ jobs: { run, failed } }: OpsFacts): string | null {
  return failed === 0 ? null : `${number(failed)} of ${counted(run, "attempt")} of jobs failed`;
}

function apiLine({ apiCalls: { calls, errors } }: OpsFacts): string | null {
  if (calls === 0) return null;
  return `${number(calls)} API ${calls === 1 ? "call" : "calls"}, ${number(errors)} with an error`;
}

/** Grouped by commas: the redaction of telephone numbers knows such a number. */
function number(count: number): string {
  return count.toLocaleString("en-US");
}
