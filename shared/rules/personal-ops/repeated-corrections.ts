import { byCodeUnits, confidenceOf, fingerprintOf, type Pattern } from "./pattern.ts";

/** Something that the person corrected. */
export interface CorrectionFact {
  readonly subject: string;
  readonly right: string;
}

const LEAST_CORRECTIONS = 2;

/**
 * Subjects that were corrected at least twice; case and spaces make no difference. The confidence counts the
 * corrections to the most frequent right value among all corrections of the subject: see `confidenceOf`. The
 * fingerprint is that of the subject.
 * @param facts of the last 24 hours, in any order
 */
export function repeatedCorrections(facts: readonly CorrectionFact[]): Pattern[] {
  const subjects = Map.groupBy(facts, ({ subject }) => normalized(subject));
  return [...subjects].flatMap(([subject, corrections]) => {
    if (corrections.length < LEAST_CORRECTIONS) return [];
    const { right, count } = mostFrequent(corrections.map(({ right }) => normalized(right)));
    return {
      type: "repeated_correction",
      fingerprint: fingerprintOf("repeated_correction", subject),
      confidence: confidenceOf(count, corrections.length),
      title: `“${subject}” was corrected ${corrections.length} times in 24 hours`,
      offer: `Remember “${right}” as the canonical value of “${subject}”.`,
      evidence: { subject, corrections: corrections.length, right, same: count },
    };
  });
}

function normalized(text: string): string {
  return text.normalize("NFKC").trim().replace(/\s+/gu, " ").toLowerCase();
}

/** Of equally frequent values, the first one by its code units. */
function mostFrequent(values: readonly string[]): { right: string; count: number } {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const [first] = [...counts].sort(([a, countA], [b, countB]) => countB - countA || byCodeUnits(a, b));
  const [right, count] = first!;
  return { right, count };
}
