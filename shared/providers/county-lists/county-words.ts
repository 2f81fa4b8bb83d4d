import { z } from "zod";
import { wordKey } from "#rules/tax-liens/list-words.ts";

/** The county's words, each mapped to one of ours. The keys become what `wordKey` compares. */
export function mappedWords<Ours extends string>(ours: readonly Ours[]) {
  return z
    .record(z.string().max(200), z.enum(ours))
    .default({})
    .superRefine((words, context) => {
      const meanings = new Map<string, Ours>();
      for (const [word, meaning] of Object.entries(words)) {
        const key = wordKey(word);
        const other = meanings.get(key);
        if (key === "") context.addIssue({ code: "custom", path: [word], message: "expected a word of the list" });
        if (other !== undefined && other !== meaning) {
          const message = `expected one meaning: the same word, whose case and space do not count, is ${other}`;
          context.addIssue({ code: "custom", path: [word], message });
        }
        meanings.set(key, meaning);
      }
    })
    .transform((words) => Object.fromEntries(Object.entries(words).map(([word, value]) => [wordKey(word), value])));
}

/** Refuses a word that means both yes and no. */
export function flagFaults(
  { yes, no }: { readonly yes: readonly string[]; readonly no: readonly string[] },
  context: z.RefinementCtx,
): void {
  const keys = new Set(yes.map(wordKey));
  const both = no.find((word) => keys.has(wordKey(word)));
  if (both !== undefined) {
    context.addIssue({ code: "custom", path: ["no"], message: `expected ${JSON.stringify(both)} in one list only` });
  }
}
