import fc from "fast-check";

/** Six-field expressions of every shape, often hitting the small hours where clocks change; each can fire. */
export function anyExpression(): fc.Arbitrary<string> {
  return fc
    .tuple(field(0, 59, "0"), field(0, 59, "30"), field(0, 23, "2"), days(), field(1, 12, "*"), field(0, 6, "*"))
    .map((fields) => fields.join(" "));
}

function field(min: number, max: number, usual: string): fc.Arbitrary<string> {
  const value = fc.integer({ min, max });
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: Math.min(max, 20) });
  const stepped = fc.tuple(fc.oneof(fc.constant("*"), range, value.map(String)), step).map((parts) => parts.join("/"));
  const item = fc.oneof(value.map(String), range, stepped);
  const list = fc.array(item, { minLength: 1, maxLength: 4 }).map((items) => items.join(","));
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constant("*") },
    { weight: 2, arbitrary: list },
  );
}

/** Days that every month has keep any choice of months satisfiable. */
function days(): fc.Arbitrary<string> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant("*") }, { weight: 1, arbitrary: field(1, 28, "*") });
}
