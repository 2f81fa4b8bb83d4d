import { expect } from "vitest";
import type { Reply, Route } from "#http/route.ts";

/** Expects a 2XX response to match its route's schema field for field: none is missing, none is undescribed. */
export function expectResponseSchema(
  { method, path, response, produces }: Route,
  { json, text, headers }: Reply,
): void {
  const what = `${method} ${path}`;
  if (produces) {
    expect(headers?.["content-type"], what).toMatch(new RegExp(`^${produces}(;|$)`));
    return;
  }
  if (response === null) {
    expect([json, text], what).toEqual([undefined, undefined]);
    return;
  }
  if (!response) throw new Error(`${what} declares no response`);
  // Zod drops fields of this name at every depth, since they could become prototypes.
  const withoutProto = (name: string, value: unknown) => (name === "__proto__" ? undefined : value);
  const seen: unknown = JSON.parse(text ?? JSON.stringify(json), withoutProto);
  // Parsing drops fields that the schema does not know.
  expect(response.parse(seen), what).toStrictEqual(seen);
}
