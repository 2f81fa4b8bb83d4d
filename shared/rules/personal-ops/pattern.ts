import { createHash } from "node:crypto";

export type PatternType = "repeated_failure" | "repeated_correction" | "daily_action" | "action_sequence";

/** Something that was done. */
export interface ActionFact {
  readonly at: Date;
  /** What was done: the id of a job, or a verb with its object. */
  readonly action: string;
  /** A person did it, not a job. */
  readonly isByHand: boolean;
  readonly hasFailed: boolean;
}

/** Something that repeats itself. */
export interface Pattern {
  readonly type: PatternType;
  /** Names the pattern: the same in every scan, whatever its figures are. */
  readonly fingerprint: string;
  /** From 0 to 1: see `confidenceOf`. */
  readonly confidence: number;
  readonly title: string;
  /** What the system offers to do about it. */
  readonly offer: string;
  /** The figures behind the confidence, for a person. */
  readonly evidence: Readonly<Record<string, string | number>>;
}

/**
 * The confidence of a pattern: `n / (n + 1) × (1 + share) / 2`. The first factor grows with each repetition; the second
 * one halves it when the repetitions are a small share of all cases.
 *
 * | repetitions | of | confidence |
 * |---|---|---|
 * | 2 | 2 | 0.67 |
 * | 3 | 3 | 0.75 |
 * | 4 | 8 | 0.60 |
 * | 3 | 48 | 0.40 |
 *
 * @param repetitions how often it happened: n
 * @param cases how often it could have happened; share = n / cases
 */
export function confidenceOf(repetitions: number, cases: number): number {
  const share = repetitions / cases;
  return ((repetitions / (repetitions + 1)) * (1 + share)) / 2;
}

/** 32 hexadecimal digits of the SHA-256 of the type and of what the pattern is about. */
export function fingerprintOf(type: PatternType, ...about: readonly string[]): string {
  return createHash("sha256")
    .update(JSON.stringify([type, ...about]))
    .digest("hex")
    .slice(0, 32);
}

/** Compares texts by their code units, so that the order is the same in every locale. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
