import type { AST, Rule } from "eslint";

/**
 * Words that a reader has to read twice, each with what to write instead. The list is short: it holds the worst ones.
 * docs/glossary.md has the terms that this project uses.
 */
export const REFUSED_WORDS: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\b(?:whoever|whomever)\b/i, "name the component or the person that acts"],
  [/\b(?:nobody|somebody)\b/i, "name the component or the person, or use the passive"],
  [/\b(?:is|are|was|were|be|been|being) told\b/i, "say which component notifies, logs or passes the value"],
  [/\b(?:goes|go|went|going|gone) on\b/i, "write continues, keeps running or happens"],
  [/\b(?:comes|come|came) to nothing\b/i, "write fails, is skipped or has no effect"],
  [/\bwhatever becomes\b/i, "write the outcome"],
  [/\broused?\b/i, "write unblocked or dispatched"],
  [/\bstand-ins?\b/i, "write emulator for a cloud service and fake server for a provider"],
  [/\banew\b/i, "write again"],
  [/\bat all\b/i, "leave it out"],
  [/\b(?:goes|gone|went|go) silent\b/i, "write lease expired or sends nothing"],
  [/\bgiven up\b/i, "write discarded or abandoned"],
];

/** A text of one or two words is a name or data. */
const SENTENCE = /\S+\s+\S+\s+\S+/;

/** What is wrong with a sentence, in words; empty when nothing is. */
export function refusedWords(text: string): string[] {
  return REFUSED_WORDS.flatMap(([pattern, instead]) => {
    const found = pattern.exec(text)?.[0];
    return found ? [`"${found}": ${instead}`] : [];
  });
}

/** Refuses the worst words in comments and in texts of three words or more: messages, errors, test titles. */
export const plainWords: Rule.RuleModule = {
  meta: { type: "suggestion", schema: [], messages: { refused: "Plain words: {{fault}}." } },
  create(context) {
    const check = (text: string, { loc }: { readonly loc?: AST.SourceLocation | null | undefined }) => {
      if (!loc) return;
      for (const fault of refusedWords(text)) context.report({ loc, messageId: "refused", data: { fault } });
    };
    return {
      Program() {
        for (const comment of context.sourceCode.getAllComments()) check(comment.value, comment);
      },
      Literal(node) {
        if (typeof node.value === "string" && SENTENCE.test(node.value)) check(node.value, node);
      },
      TemplateElement(node) {
        if (SENTENCE.test(node.value.raw)) check(node.value.raw, node);
      },
    };
  },
};
