import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRouteTemplate } from "#local/functions-host/route-template.ts";
import { findRoute, isReservedPath, orderRoutes } from "#local/functions-host/router.ts";

function match(template: string, path: string): Record<string, string> | undefined {
  return findRoute([{ template: parseRouteTemplate(template), methods: ["GET"], target: "it" }], "GET", path)?.params;
}

describe("A route template", () => {
  it.each<[string, string, Record<string, string> | undefined]>([
    ["items", "/ITEMS/", {}],
    ["items/{id}", "/items/", undefined],
    ["items/{id}", "/items/a%2Fb%20%zz", { id: "a%2Fb %zz" }],
    ["items/{id?}", "/items", {}],
    ["items/{id=5}", "/items", { id: "5" }],
    ["{a?}/{b?}", "/", {}],
    ["{a}/{*rest}", "/x", { a: "x" }],
    ["{a}/{**rest}", "/x/y/z", { a: "x", rest: "y/z" }],
    ["{*rest}", "/", {}],
    ["report-{year:int}.{kind:alpha}", "/report-2026.csv", { year: "2026", kind: "csv" }],
    ["report-{year:int}.{kind:alpha}", "/report-now.csv", undefined],
    ["{a}-{b}", "/x-y-z", { a: "x-y", b: "z" }],
    ["a{{b}}", "/a{b}", {}],
    ["{id:guid}", "/7b4a42f0-9d0c-4a0e-9e4e-0123456789ab", { id: "7b4a42f0-9d0c-4a0e-9e4e-0123456789ab" }],
    ["{id:guid}", "/7b4a42f0", undefined],
    ["{n:int}", "/2147483648", undefined],
    ["{n:long}", "/2147483648", { n: "2147483648" }],
    ["{n:min(3):max(5)}", "/6", undefined],
    ["{s:length(2,3)}", "/abcd", undefined],
    ["{s:length(4)}", "/abcd", { s: "abcd" }],
    ["{s:minlength(2):maxlength(3)}", "/a", undefined],
    ["{b:bool}", "/True", { b: "True" }],
    ["{d:datetime}", "/2026-01-31", { d: "2026-01-31" }],
    ["{x:decimal}", "/1.5", { x: "1.5" }],
    ["{x:regex(^\\d{{2}}[a/]$)}", "/12a", { x: "12a" }],
    ["{x:regex(^(a|b\\)c)$)}", "/b)c", { x: "b)c" }],
    ["{x:regex(^a$)?}", "/", {}],
    ["{root:maxlength(0)?}", "/", {}],
    ["{root:maxlength(0)?}", "/x", undefined],
  ])("%s on %s gives %o", (template, path, expected) => {
    expect(match(template, path)).toEqual(expected);
  });

  it.each([
    ["a//b", "//"],
    ["api//x", "//"],
    ["{a", "not closed"],
    ["a}", 'has no "{"'],
    ["{}", "no valid parameter name"],
    ["{a}{b}", "text between them"],
    ["{a}/{A}", "occurs twice"],
    ["{*a}/b", "must come last"],
    ["x{a?}", "segment of its own"],
    ["{a:integer}", '"integer" is no route constraint'],
    ["{a:length}", "invalid arguments"],
    ["{a:min(x)}", "invalid arguments"],
    ["{a:regex(()}", "invalid arguments"],
    ["a?b", 'a "?" belongs'],
  ])("%s is rejected", (template, problem) => {
    expect(() => parseRouteTemplate(template)).toThrow(problem);
  });
});

describe("The paths of the host", () => {
  it.each(["/admin", "/Admin/x", "/%61dmin", "/runtime/"])("include %s", (path) => {
    expect(isReservedPath(path)).toBe(true);
  });
  it.each(["/", "/api/admin", "/administrators", "/x/runtime"])("do not include %s", (path) => {
    expect(isReservedPath(path)).toBe(false);
  });
});

describe("Routes", () => {
  const order = (...templates: string[]) =>
    orderRoutes(templates.map((text) => ({ template: parseRouteTemplate(text), methods: [], target: text }))).map(
      ({ target }) => target,
    );

  it("are tried from the most specific to the least", () => {
    expect(order("{*all}", "a/{x}", "{y}", "a/{x:int}", "a/b/c", "a/b", "a")).toEqual([
      "a/b/c",
      "a/b",
      "a/{x:int}",
      "a/{x}",
      "a",
      "{y}",
      "{*all}",
    ]);
  });

  it("match like an independent reading of the templates, for any template", () => {
    const literal = fc.constantFrom("a", "b", "cc");
    const segment = fc.oneof(literal, fc.constantFrom("{p}", "{p:int}"));
    const ending = fc.constantFrom("", "{o?}", "{*rest}");
    const template = fc
      .tuple(fc.array(segment, { maxLength: 3 }), ending)
      .map(([segments, end]) =>
        [...segments.map((text, index) => text.replace("p", `p${index}`)), end].filter((text) => text !== "").join("/"),
      );
    const pathSegment = fc.oneof(literal, fc.constantFrom("7", "42", "A"));
    const path = fc.array(pathSegment, { maxLength: 5 }).map((segments) => `/${segments.join("/")}`);
    fc.assert(
      fc.property(template, path, (text, at) => {
        expect(match(text, at)).toEqual(matchIndependently(text, at));
      }),
      { numRuns: 1000 },
    );
  });
});

/** A recursive match of simple templates, independent of the parser. */
function matchIndependently(template: string, path: string): Record<string, string> | undefined {
  const walk = (segments: string[], parts: string[]): Record<string, string> | undefined => {
    const [segment, ...laterSegments] = segments;
    if (segment === undefined) return parts.length === 0 ? {} : undefined;
    if (segment === "{*rest}") return parts.length === 0 ? {} : { rest: parts.join("/") };
    const [part, ...laterParts] = parts;
    if (part === undefined) return segment === "{o?}" ? walk(laterSegments, []) : undefined;
    const rest = walk(laterSegments, laterParts);
    if (!rest) return undefined;
    if (!segment.startsWith("{")) return segment === part.toLowerCase() ? rest : undefined;
    const [name = "", constraint] = segment.slice(1, -1).replace("?", "").split(":");
    return constraint === "int" && !/^\d+$/.test(part) ? undefined : { [name]: part, ...rest };
  };
  return walk(template.split("/").filter(Boolean), path.split("/").filter(Boolean));
}
