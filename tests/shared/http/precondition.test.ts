import { expect, it } from "vitest";
import { checkIfMatch, entityTag } from "#http/precondition.ts";

const etag = entityTag({ a: 1 });

it("an entity tag is quoted and depends on the response", () => {
  expect(etag).toMatch(/^"[\w-]{22}"$/);
  expect(entityTag({ a: 2 })).not.toBe(etag);
  expect(entityTag({ a: 1 })).toBe(etag);
});

it.each([null, "*", " * ", etag, `"other", ${etag}`])("If-Match: %s accepts the change", (header) => {
  expect(() => {
    checkIfMatch(header, etag);
  }).not.toThrow();
});

it.each(["", '"other"', `W/${etag}`, etag.slice(1, -1)])("If-Match: %s refuses the change", (header) => {
  expect(() => {
    checkIfMatch(header, etag);
  }).toThrow(expect.objectContaining({ status: 412, headers: { etag } }));
});
