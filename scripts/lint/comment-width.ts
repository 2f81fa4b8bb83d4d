import type { Rule } from "eslint";

const MAX_WIDTH = 120;

/** Refuses lines of comments wider than 120 characters, as Prettier does not wrap them. Addresses are exempt. */
export const commentWidth: Rule.RuleModule = {
  meta: {
    type: "layout",
    schema: [],
    messages: { wide: "A comment is at most 120 characters wide; this line has {{width}}." },
  },
  create(context) {
    return {
      Program() {
        const { lines } = context.sourceCode;
        for (const { loc } of context.sourceCode.getAllComments()) {
          if (!loc) continue;
          for (let line = loc.start.line; line <= loc.end.line; line++) {
            const text = lines[line - 1] ?? "";
            if (text.length <= MAX_WIDTH || /https?:\/\//.test(text)) continue;
            context.report({
              loc: { line, column: MAX_WIDTH },
              messageId: "wide",
              data: { width: String(text.length) },
            });
          }
        }
      },
    };
  },
};
