import type { Rule } from "eslint";

/** Methods of a text that make a regular expression of a text that they are given. */
const COMPILING_METHODS = ["match", "matchAll", "search"];

/**
 * Refuses regular expressions of JavaScript that are made from a value: a pattern that a configuration or a request
 * has written can block the event loop for minutes.
 */
export const literalPatterns: Rule.RuleModule = {
  meta: {
    type: "problem",
    schema: [],
    messages: { refused: "Write a literal, or compile a pattern that a person wrote with wholeMatch of #text." },
  },
  create(context) {
    return {
      NewExpression(node) {
        if (isRegExp(node.callee)) context.report({ node, messageId: "refused" });
      },
      CallExpression(node) {
        const {
          callee,
          arguments: [pattern],
        } = node;
        const method =
          callee.type === "MemberExpression" && callee.property.type === "Identifier" ? callee.property.name : "";
        const compiles = COMPILING_METHODS.includes(method) && pattern !== undefined && !isConstant(pattern);
        if (isRegExp(callee) || compiles) context.report({ node, messageId: "refused" });
      },
    };
  },
};

interface Expression {
  readonly type: string;
  readonly name?: string;
  readonly regex?: unknown;
}

function isRegExp({ type, name }: Expression): boolean {
  return type === "Identifier" && name === "RegExp";
}

/** A literal, or a constant of the module, whose name has capital letters. */
function isConstant({ type, name, regex }: Expression): boolean {
  return regex !== undefined || (type === "Identifier" && name === name?.toUpperCase());
}
