import { type ActionFact, byCodeUnits, confidenceOf, fingerprintOf, type Pattern } from "./pattern.ts";

const LEAST_SUPPORT = 4;
const WITHIN_MS = 10 * 60_000;
/** The most actions before one that it may follow: more different ones within 10 minutes show no sequence. */
const REMEMBERED = 20;

/**
 * Pairs of different actions of which the second, done by hand, followed the first within 10 minutes at least 4 times.
 * Each occurrence belongs to at most one occurrence of the other: the one before it that is nearest. Actions of one
 * instant do not follow each other. A second action by a job is no pattern: its schedule is known.
 *
 * The confidence counts the occurrences of the first action that the second one followed among all of them: see
 * `confidenceOf`. The fingerprint is that of both actions.
 * @param facts of the last 24 hours, in any order
 */
export function actionSequences(facts: readonly ActionFact[]): Pattern[] {
  const inOrder = [...facts].sort((a, b) => a.at.getTime() - b.at.getTime() || byCodeUnits(a.action, b.action));
  const times = new Map<string, number>();
  for (const { action } of facts) times.set(action, (times.get(action) ?? 0) + 1);
  return countPairs(inOrder).flatMap(({ first, second, support }) => {
    const cases = times.get(first)!;
    if (support < LEAST_SUPPORT) return [];
    return {
      type: "action_sequence",
      fingerprint: fingerprintOf("action_sequence", first, second),
      confidence: confidenceOf(support, cases),
      title: `${second} follows ${first} within 10 minutes: ${support} of ${cases} times`,
      offer: `Do ${second} after each ${first} without a person.`,
      evidence: { first, second, support, cases },
    };
  });
}

interface Pair {
  readonly first: string;
  readonly second: string;
  support: number;
  /** The time of the last `first` that was counted. */
  countedAt: number;
}

/** Goes through the facts once; the actions before are remembered by their last time, the longest ago first. */
function countPairs(inOrder: readonly ActionFact[]): Pair[] {
  const pairs = new Map<string, Map<string, Pair>>();
  const before = new Map<string, number>();
  for (let start = 0; start < inOrder.length;) {
    const at = inOrder[start]!.at.getTime();
    let end = start;
    for (; end < inOrder.length && inOrder[end]!.at.getTime() === at; end++) count(inOrder[end]!, at);
    for (; start < end; start++) remember(inOrder[start]!.action, at);
  }
  return [...pairs.values()].flatMap((ofSecond) => [...ofSecond.values()]);

  function count({ action: second, isByHand }: ActionFact, at: number): void {
    if (!isByHand) return;
    const ofSecond = pairs.get(second) ?? new Map<string, Pair>();
    pairs.set(second, ofSecond);
    for (const [first, firstAt] of before) {
      if (first === second || firstAt < at - WITHIN_MS) continue;
      const pair = ofSecond.get(first) ?? { first, second, support: 0, countedAt: -Infinity };
      ofSecond.set(first, pair);
      if (pair.countedAt === firstAt) continue;
      pair.support++;
      pair.countedAt = firstAt;
    }
  }

  function remember(action: string, at: number): void {
    before.delete(action);
    before.set(action, at);
    if (before.size > REMEMBERED) before.delete(before.keys().next().value!);
  }
}
