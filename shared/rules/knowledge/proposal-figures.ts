import type { ProposalFigures, ProposalsMetrics } from "./knowledge-events.ts";

interface StoredFigures extends ProposalFigures {
  readonly takenAt: Date;
  readonly kind: "topic" | "atom";
}

/** A stored snapshot as the API and the live event show it. */
export function metricsOf({
  takenAt,
  topic,
  atom,
}: {
  readonly takenAt: Date;
  readonly topic: StoredFigures;
  readonly atom: StoredFigures;
}): ProposalsMetrics {
  return { takenAt: takenAt.toISOString(), topics: figuresOf(topic), atoms: figuresOf(atom) };
}

function figuresOf({ takenAt: _, kind: _kind, ...figures }: StoredFigures): ProposalFigures {
  return figures;
}

/** One target of the review. */
export interface Target {
  readonly name: string;
  /** Null: of the whole family. */
  readonly kind: "topic" | "atom" | null;
  readonly value: number | null;
  readonly comparison: "at least" | "below";
  readonly target: number;
  /** Null without a value. */
  readonly isMet: boolean | null;
}

const TARGETS = [
  { name: "autoApprovalRate", comparison: "at least", target: 0.5 },
  { name: "duplicateAccuracy", comparison: "at least", target: 0.85 },
  { name: "queueAgeP95", comparison: "below", target: 3_600 },
  { name: "expirationRate", comparison: "below", target: 0.1 },
] as const;
const JOB_FAILURES = { name: "jobFailureRate", comparison: "below", target: 0.01 } as const;

/** The targets of the review, with what is measured beside each. @param figures null before the first snapshot */
export function judgeTargets(
  figures: { readonly topic: ProposalFigures; readonly atom: ProposalFigures } | null,
  jobFailureRate: number | null,
): Target[] {
  const kinds = ["topic", "atom"] as const;
  return [
    ...TARGETS.flatMap((target) => kinds.map((kind) => judged(target, kind, figures?.[kind][target.name] ?? null))),
    judged(JOB_FAILURES, null, jobFailureRate),
  ];
}

function judged(
  { name, comparison, target }: Pick<Target, "name" | "comparison" | "target">,
  kind: Target["kind"],
  value: number | null,
): Target {
  const isMet = value === null ? null : comparison === "below" ? value < target : value >= target;
  return { name, kind, value, comparison, target, isMet };
}
