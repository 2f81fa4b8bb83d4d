import type { IncidentFact, OpsFacts } from "#rules/personal-ops/ops-facts.ts";

const none = { count: 0, titles: [], at: null };

/** A night without any news. */
export const quiet: OpsFacts = {
  day: "2026-12-01",
  zone: "America/Chicago",
  incidents: [],
  proposals: none,
  pendingProposals: none,
  corrections: none,
  workflows: { failed: [], at: null },
  jobs: { run: 0, failed: 0, at: null },
  apiCalls: { calls: 0, errors: 0 },
};

export function incident(id: number, given: Partial<IncidentFact> = {}): IncidentFact {
  return {
    id,
    severity: "WARN",
    title: `incident ${id}`,
    isResolved: false,
    occurrences: 1,
    firstSeen: new Date("2026-12-01T10:05:00Z"),
    ...given,
  };
}
