/** What a message corrects. */
export interface FoundCorrection {
  readonly subject: string;
  readonly wrong: string;
  readonly right: string;
}

/** A correction is in the first sentence, and short: longer texts are not searched. */
const LONGEST = 500;

/** The message begins with one of these words. */
const MARKER = /^(?:correction|actually|no|nope|wrong|that['’]?s wrong|that is wrong)\s*[,.:;!–—-]\s*/i;

const FORMS: readonly { readonly form: RegExp; readonly order: "wrong first" | "right first" }[] = [
  // the meeting is on Tuesday, not Monday
  { form: /^(.+?)\s+(?:is|are|was|were|should be|must be)\s+(.+?)\s*,?\s+(?:and )?not\s+(.+)$/i, order: "right first" },
  // the meeting: not Monday but Tuesday
  { form: /^(.+?)\s*:\s*not\s+(.+?)\s*,?\s+but\s+(.+)$/i, order: "wrong first" },
  // the meeting: Monday -> Tuesday
  { form: /^(.+?)\s*:\s*(.+?)\s*(?:->|=>|→)\s*(.+)$/, order: "wrong first" },
];

/**
 * The correction in a message of the person, if there is one: a marker ("Correction:", "No,", "Actually,", "Wrong.")
 * and then one of three forms, each in one sentence: "X is R, not W", "X: not W but R", "X: W -> R".
 */
export function correctionIn(text: string): FoundCorrection | undefined {
  const start = text.slice(0, LONGEST).trimStart();
  const marker = MARKER.exec(start)?.[0];
  if (marker === undefined) return undefined;
  const sentence = firstSentence(start.slice(marker.length));
  for (const { form, order } of FORMS) {
    const [subject = "", first = "", second = ""] =
      form
        .exec(sentence)
        ?.slice(1)
        .map((part) => part.trim()) ?? [];
    if (subject === "" || first === "" || second === "") continue;
    const [wrong, right] = order === "wrong first" ? [first, second] : [second, first];
    return { subject, wrong, right };
  }
  return undefined;
}

/** A full stop ends a sentence only before a space: "v1.2" and "a@b.example" have none. */
function firstSentence(text: string): string {
  return text.split(/\n|[.!?]+(?=\s|$)/, 1)[0]!.trim();
}
