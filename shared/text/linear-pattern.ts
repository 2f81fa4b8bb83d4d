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
