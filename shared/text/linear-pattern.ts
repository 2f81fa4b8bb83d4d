import { RE2JS, RE2JSException } from "re2js";

/** Tests whether a pattern matches a whole text. */
export type WholeMatch = (text: string) => boolean;

/**
 * Compiles a pattern that a configuration or a request has written, in RE2 syntax: its time grows with the length of
 * the text only, so that no pattern and no text can block the process.
 * @throws RangeError with the reason when RE2 does not accept the pattern
 */
export function wholeMatch(pattern: string): WholeMatch {
  const fault = patternFault(pattern);
  if (fault) throw new RangeError(fault);
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.matches(text);
}

/**
 * Compiles such a pattern to find a part of a text: its group, or all of the match when it has none.
 * @returns a function that returns null for a text without a match
 * @throws RangeError as `wholeMatch`, and for a pattern with several groups
 */
export function partFinder(pattern: string): (text: string) => string | null {
  const fault = patternFault(pattern) ?? groupFault(pattern);
  if (fault) throw new RangeError(fault);
  const compiled = RE2JS.compile(pattern);
  const group = compiled.groupCount();
  return (text) => {
    const found = compiled.matcher(text);
    return found.find() ? found.group(group) : null;
  };
}

/** Why an accepted pattern does not state which part of a text it finds; undefined when it does. */
export function groupFault(pattern: string): string | undefined {
  const groups = RE2JS.compile(pattern).groupCount();
  return groups > 1 ? `expected at most one group in parentheses, got ${groups}: write the others as (?:…)` : undefined;
}

/** Why RE2 does not accept a pattern; undefined when it does. */
export function patternFault(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return unsupportedSyntax(error.message) ?? error.message.replace(/^error parsing regexp: /, "");
  }
}

/** Names what JavaScript knows and RE2 does not: it cannot match these in linear time. */
function unsupportedSyntax(message: string): string | undefined {
  const lookaround = /: `(\(\?<?[=!])/.exec(message)?.[1];
  if (lookaround) return `lookaround is not supported: remove ${lookaround}…)`;
  const backreference = /: `(\\[1-9k])/.exec(message)?.[1];
  if (backreference) return `backreferences are not supported: remove ${backreference}`;
  return undefined;
}
