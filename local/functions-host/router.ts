import { parseRouteTemplate, type RouteParameter, type RoutePart, type RouteTemplate } from "./route-template.ts";

/** A route that requests are matched against. Methods are upper-case. */
export interface Route<T> {
  template: RouteTemplate;
  methods: readonly string[];
  target: T;
}

export interface RouteMatch<T> {
  target: T;
  /** The decoded route parameters, without omitted optional ones. */
  params: Record<string, string>;
}

/**
 * Sorts routes as the real host does: literals before parameters, constrained parameters before free ones, longer
 * routes before shorter ones.
 */
export function orderRoutes<T>(routes: readonly Route<T>[]): Route<T>[] {
  return routes.toSorted((a, b) => compare(a.template, b.template));
}

/**
 * The first of the sorted routes that matches this method and path. A method that no route has is no match: the real
 * host answers 404 and never 405.
 */
export function findRoute<T>(ordered: readonly Route<T>[], method: string, path: string): RouteMatch<T> | undefined {
  const segments = pathSegments(path);
  for (const route of ordered) {
    if (!route.methods.includes(method)) continue;
    const params = matchTemplate(route.template, segments);
    if (params) return { target: route.target, params };
  }
  return undefined;
}

/** Whether the path belongs to the endpoints of the real host, which an app cannot serve. */
export function isReservedPath(path: string): boolean {
  const first = pathSegments(path)[0]?.toLowerCase();
  return first === "admin" || first === "runtime";
}

/** The full template of an HTTP function. Without a route, or with an empty one, it is the function's name. */
export function fullTemplate(routePrefix: string, route: string | undefined, functionName: string): RouteTemplate {
  const own = route === undefined || route === "" ? functionName : route;
  return parseRouteTemplate(routePrefix === "" ? own : `${routePrefix}/${own}`);
}

/** The parameters of a path under a template, or undefined when it does not match. */
export function matchTemplate(
  { segments }: RouteTemplate,
  path: readonly string[],
): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, parts] of segments.entries()) {
    const single = parts.length === 1 && parts[0] && "parameter" in parts[0] ? parts[0].parameter : undefined;
    if (single?.kind === "catchAll") return setParameter(params, single, path.slice(index).join("/"));
    const text = path[index];
    if (single) {
      if (!setParameter(params, single, text ?? "")) return undefined;
    } else if (text === undefined || !matchMixed(params, parts, text)) return undefined;
  }
  return path.length > segments.length ? undefined : params;
}

function setParameter(
  params: Record<string, string>,
  parameter: RouteParameter,
  text: string,
): Record<string, string> | undefined {
  const value = text === "" ? parameter.fallback : text;
  if (value === undefined) return parameter.kind === "required" ? undefined : params;
  if (!parameter.constraints.every((allows) => allows(value))) return undefined;
  params[parameter.name] = value;
  return params;
}

/** Text and parameters in one segment, such as `report-{year}.csv`: earlier parameters are greedy. */
function matchMixed(params: Record<string, string>, parts: readonly RoutePart[], text: string): boolean {
  const pattern = parts.map((part) => ("literal" in part ? escapeRegExp(part.literal) : "(.+)")).join("");
  const match = new RegExp(`^${pattern}$`, "is").exec(text);
  if (!match) return false;
  const parameters = parts.flatMap((part) => ("parameter" in part ? [part.parameter] : []));
  return parameters.every((parameter, index) => setParameter(params, parameter, match[index + 1] ?? ""));
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** The decoded segments of a path without a trailing slash. "%2F" is not decoded, as in the real host. */
function pathSegments(path: string): string[] {
  const trimmed = path.replace(/^\//, "").replace(/\/$/, "");
  return trimmed === "" ? [] : trimmed.split("/").map(decodeSegment);
}

function decodeSegment(segment: string): string {
  return segment.replace(/(?:%(?!2f)[0-9a-f]{2})+/gi, (escaped) => {
    try {
      return decodeURIComponent(escaped);
    } catch {
      return escaped;
    }
  });
}

function compare(x: RouteTemplate, y: RouteTemplate): number {
  for (const [index, parts] of x.segments.entries()) {
    const a = parts[0];
    const b = y.segments[index]?.[0];
    if (!a || !b) return -1;
    if ("literal" in a && "literal" in b) {
      const order =
        a.literal.toLowerCase() < b.literal.toLowerCase()
          ? -1
          : a.literal.toLowerCase() > b.literal.toLowerCase()
            ? 1
            : 0;
      if (order !== 0) return order;
    } else if ("literal" in a) return -1;
    else if ("literal" in b) return 1;
    else if (a.parameter.constraints.length !== b.parameter.constraints.length) {
      return b.parameter.constraints.length - a.parameter.constraints.length;
    } else if (isCatchAll(a.parameter) !== isCatchAll(b.parameter)) {
      // The real host defines no order for this pair.
      return isCatchAll(a.parameter) ? 1 : -1;
    }
  }
  return y.segments.length > x.segments.length ? 1 : 0;
}

function isCatchAll(parameter: RouteParameter): boolean {
  return parameter.kind === "catchAll";
}
