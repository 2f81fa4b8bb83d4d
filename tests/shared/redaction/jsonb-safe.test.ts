import fc from "fast-check";
import { expect, it } from "vitest";
import { isJsonbSafe, jsonbSafe, jsonbSafeText } from "#redaction/jsonb-safe.ts";

const NOT_STORABLE = /\\u0000|\\ud[89a-f]/i;

it("leaves plain JSON unchanged", () => {
  fc.assert(
    // -0 is no JSON: it is read back as 0.
    fc.property(
      fc.jsonValue({ maxDepth: 5 }).filter((value) => !hasNegativeZero(value)),
      (value) => {
        expect(jsonbSafe(value)).toEqual(JSON.parse(JSON.stringify(value)));
      },
    ),
  );
});

it("converts anything to JSON that PostgreSQL accepts", () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
    maxDepth: 2,
    stringUnit: "binary",
  });
  fc.assert(
    fc.property(anything, (value) => {
      const text = JSON.stringify({ value: jsonbSafe(value) });
      expect(text).not.toMatch(NOT_STORABLE);
      expect(text.isWellFormed()).toBe(true);
    }),
  );
});

it("isJsonbSafe is true only for values that need no copy", () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true, withSparseArray: true, stringUnit: "binary" }), (value) => {
      if (isJsonbSafe(value)) expect(jsonbSafe(value)).toEqual(value);
    }),
  );
  const cycle: Record<string, unknown> = { n: 1 };
  cycle.self = cycle;
  expect([cycle, { at: new Date(0) }, [undefined], "a\0", NaN].map((value) => isJsonbSafe(value))).not.toContain(true);
  expect([{ taskId: "1", tags: ["é", null, 1.5, true] }, "🙂", []].map((value) => isJsonbSafe(value))).not.toContain(
    false,
  );
});

it("converts values that JSON lacks to the closest one", () => {
  expect(jsonbSafe({ big: 12n, huge: 2n ** 80n, at: new Date(0), none: undefined, odd: NaN, far: -Infinity })).toEqual({
    big: 12,
    huge: String(2n ** 80n),
    at: "1970-01-01T00:00:00.000Z",
    odd: "NaN",
    far: "-Infinity",
  });
  expect(jsonbSafe(new Map([["a", new Set([1])]]))).toEqual([["a", [1]]]);
  expect(jsonbSafe(() => 1)).toBe("[function]");
});

it("replaces invalid characters, also in names", () => {
  expect(jsonbSafe({ "a\0": "b\0\ud800" })).toEqual({ "a\uFFFD": "b\uFFFD\uFFFD" });
});

it("ends at a cycle, at deep nesting and at an unreadable property", () => {
  const cycle: Record<string, unknown> = { n: 1 };
  cycle.self = cycle;
  expect(jsonbSafe(cycle)).toEqual({ n: 1, self: "[circular]" });
  const twice = { shared: [1] };
  expect(jsonbSafe([twice, twice])).toEqual([twice, twice]);
  let deep: unknown = "bottom";
  for (let i = 0; i < 100_000; i++) deep = [deep];
  expect(JSON.stringify(jsonbSafe(deep))).toContain("[…]");
  const hostile = {
    get bad() {
      throw new Error("no");
    },
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  expect(jsonbSafe([hostile, revoked.proxy, { toJSON: () => hostile }])).toEqual([
    "[unreadable]",
    "[unreadable]",
    "[unreadable]",
  ]);
});

it("a text is truncated without splitting a character", () => {
  expect(jsonbSafeText("ab😀", 3)).toBe("ab\uFFFD");
  expect(jsonbSafeText("abc", 2)).toBe("ab");
  expect(jsonbSafeText(undefined, 20)).toBe("undefined");
  expect(jsonbSafeText(Symbol("x"), 20)).toBe("Symbol(x)");
  expect(jsonbSafeText(Object.create(null), 20)).toBe("[unreadable]");
});

function hasNegativeZero(value: unknown): boolean {
  if (Object.is(value, -0)) return true;
  return value instanceof Object && Object.values(value).some(hasNegativeZero);
}
