import { type ActionFact, confidenceOf, fingerprintOf, type Pattern } from "./pattern.ts";

const LEAST_FAILURES = 3;

/**
 * Actions that failed at least 3 times. The confidence counts the failures among all attempts of the action: see
 * `confidenceOf`. The fingerprint is that of the action.
 * @param facts of the last 24 hours, in any order
 */
export function repeatedFailures(facts: readonly ActionFact[]): Pattern[] {
  const counts = new Map<string, { attempts: number; failures: number }>();
  for (const { action, hasFailed } of facts) {
    const count = counts.get(action) ?? { attempts: 0, failures: 0 };
    counts.set(action, count);
    count.attempts++;
    if (hasFailed) count.failures++;
  }
  return [...counts].flatMap(([action, { attempts, failures }]) => {
    if (failures < LEAST_FAILURES) return [];
    return {
      type: "repeated_failure",
      fingerprint: fingerprintOf("repeated_failure", action),
      confidence: confidenceOf(failures, attempts),
      title: `${action} failed ${failures} of ${attempts} times in 24 hours`,
      offer: `Find the cause of the failures of ${action} and fix it, or switch it off until then.`,
      evidence: { action, failures, attempts },
    };
  });
}
