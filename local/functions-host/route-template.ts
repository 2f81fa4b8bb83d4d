import { type Constraint, makeConstraint } from "./route-constraint.ts";

/**
 * A parameter of a route: `{name}`, `{name?}`, `{name=default}`, `{*name}`, each with constraints as in `{name:int}`.
 */
export interface RouteParameter {
  name: string;
  kind: "required" | "optional" | "catchAll";
  /** The default value when the path omits it. */
  fallback: string | undefined;
  constraints: readonly Constraint[];
}

export type RoutePart = { literal: string } | { parameter: RouteParameter };

/**
 * A parsed route template: the parts of each path segment. A segment has several parts when it mixes text and
 * parameters.
 */
export interface RouteTemplate {
  text: string;
  segments: readonly (readonly RoutePart[])[];
}

/** The route template is malformed. The message says what is wrong. */
export class RouteTemplateError extends Error {
  constructor(text: string, problem: string) {
    super(`route "${text}" is malformed: ${problem}`);
    this.name = "RouteTemplateError";
  }
}

/**
 * Parses an ASP.NET route template, as Functions uses it.
 *
 * @throws RouteTemplateError when it is malformed or uses a constraint that does not exist
 */
export function parseRouteTemplate(text: string): RouteTemplate {
  const path = text.replace(/^~?\//, "").replace(/\/$/, "");
  const fail = (problem: string): never => {
    throw new RouteTemplateError(text, problem);
  };
  const segments = path === "" ? [] : splitOutsideBraces(path).map((segment) => parseSegment(segment, fail));
  const parameters = segments.flat().flatMap((part) => ("parameter" in part ? [part.parameter] : []));
  const names = parameters.map(({ name }) => name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) fail(`the parameter "${twice}" occurs twice.`);
  const last = segments.at(-1)?.at(-1);
  const isLast = (parameter: RouteParameter) =>
    last !== undefined && "parameter" in last && last.parameter === parameter;
  if (parameters.some((p) => p.kind === "catchAll" && !isLast(p))) fail("a catch-all parameter must come last.");
  return { text, segments };
}

function parseSegment(segment: string, fail: (problem: string) => never): RoutePart[] {
  if (segment === "") fail('it has "//", which happens when a route begins with "/" under a route prefix. Remove one.');
  const parts: RoutePart[] = [];
  let literal = "";
  const endLiteral = () => {
    if (literal.includes("?")) fail('a "?" belongs to a parameter, as in {name?}.');
    if (literal.includes("*")) fail('a "*" belongs to a parameter, as in {*name}.');
    if (literal !== "") parts.push({ literal });
    literal = "";
  };
  for (let at = 0; at < segment.length;) {
    const char = segment.charAt(at);
    const isDoubled = segment.charAt(at + 1) === char;
    if ((char === "{" || char === "}") && isDoubled) {
      literal += char;
      at += 2;
    } else if (char === "{") {
      endLiteral();
      const end = closingBrace(segment, at);
      if (end < 0) fail('a "{" is not closed.');
      if (parts.length > 0 && "parameter" in (parts.at(-1) as RoutePart))
        fail("two parameters need text between them.");
      parts.push({ parameter: parseParameter(segment.slice(at + 1, end), fail) });
      at = end + 1;
    } else if (char === "}") {
      fail('a "}" has no "{".');
    } else {
      literal += char;
      at += 1;
    }
  }
  endLiteral();
  const isMixed = parts.length > 1;
  if (isMixed && parts.some((part) => "parameter" in part && part.parameter.kind !== "required")) {
    fail("an optional or catch-all parameter must be a segment of its own.");
  }
  return parts;
}

function parseParameter(text: string, fail: (problem: string) => never): RouteParameter {
  const catchAll = /^\*{1,2}/.exec(text)?.[0].length ?? 0;
  const body = text.slice(catchAll).replaceAll("{{", "{").replaceAll("}}", "}");
  const name = /^[^:=?]*/.exec(body)?.[0] ?? "";
  if (name === "" || /[/{}*]/.test(name)) fail(`"{${text}}" has no valid parameter name.`);
  const constraints: Constraint[] = [];
  let rest = body.slice(name.length);
  while (rest.startsWith(":")) {
    // An argument may contain any character, even ")": it ends before the next constraint, a default, "?" or the end.
    const match = /^:([^:=?(]*)(?:\((.*?)\)(?=[:=?]|$))?/s.exec(rest);
    const [whole = "", constraintName = "", args] = match ?? [];
    const constraint = makeConstraint(constraintName, args);
    if (!constraint) return fail(`"${whole.slice(1)}" is no route constraint, or has invalid arguments.`);
    constraints.push(constraint);
    rest = rest.slice(whole.length);
  }
  const isOptional = rest === "?";
  const fallback = rest.startsWith("=") ? rest.slice(1) : undefined;
  if (rest !== "" && !isOptional && fallback === undefined) fail(`"{${text}}" is malformed after "${name}".`);
  return { name, kind: catchAll > 0 ? "catchAll" : isOptional ? "optional" : "required", fallback, constraints };
}

/** Splits at "/", but not inside a parameter, whose regex may contain one. */
function splitOutsideBraces(path: string): string[] {
  const segments = [""];
  for (let at = 0; at < path.length;) {
    const end = path.charAt(at) === "{" && path.charAt(at + 1) !== "{" ? closingBrace(path, at) + 1 : at + 1;
    const isEscape = path.startsWith("{{", at) || path.startsWith("}}", at);
    const piece = path.slice(at, isEscape ? at + 2 : end > at ? end : path.length);
    if (piece === "/") segments.push("");
    else segments.push((segments.pop() ?? "") + piece);
    at += piece.length;
  }
  return segments;
}

function closingBrace(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char !== "}" && char !== "{") continue;
    // Doubled braces belong to the argument of a constraint.
    if (text.charAt(at + 1) === char && !(char === "}" && isLastPair(text, at))) at += 1;
    else return char === "}" ? at : -1;
  }
  return -1;
}

/** Of an odd run of "}", as in `{id:regex(^\\d{{2}}$)}`, pairs are escapes and the last one closes. */
function isLastPair(text: string, at: number): boolean {
  const run = /^\}+/.exec(text.slice(at))?.[0].length ?? 0;
  return run === 1;
}
