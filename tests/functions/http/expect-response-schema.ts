import { expect } from "vitest";
import type { Reply, Route } from "#http/route.ts";

/** Expects a good answer to be, field for field, what its route says that it is: nothing missing, nothing undescribed. */
export function expectAsDescribed({ method, path, answer, produces }: Route, { json, text, headers }: Reply): void {
  const what = `${method} ${path}`;
  if (produces) {
    expect(headers?.["content-type"], what).toMatch(new RegExp(`^${produces}(;|$)`));
    return;
  }
  if (answer === null) {
    expect([json, text], what).toEqual([undefined, undefined]);
    return;
  }
  if (!answer) throw new Error(`${what} does not say what it answers`);
  // A schema reads no field of this name, wherever it stands, lest it become a prototype.
  const withoutProto = (name: string, value: unknown) => (name === "__proto__" ? undefined : value);
  const seen: unknown = JSON.parse(text ?? JSON.stringify(json), withoutProto);
  // What the schema does not know is left out of what it reads.
  expect(answer.parse(seen), what).toStrictEqual(seen);
}
