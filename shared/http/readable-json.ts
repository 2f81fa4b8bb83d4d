type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** What people call from a terminal, where nothing lays JSON out for them. */
const TERMINAL = /^(curl|wget|httpie)\//i;

/** An answer's JSON: for programs without a space, for a terminal as `readableJson` lays it out. */
export function answerText(value: unknown, userAgent: string | null): string {
  return userAgent && TERMINAL.test(userAgent) ? `${readableJson(value)}\n` : JSON.stringify(value);
}

/** JSON for a person: what fits into the width stands on one line, the rest is indented by two spaces. */
export function readableJson(value: unknown, width = 80): string {
  return laidOut(JSON.parse(JSON.stringify(value)) as Json, { indent: "", taken: 0, width });
}

/** @param taken what stands on the line beside the value: its indentation, its name, the comma behind it */
function laidOut(value: Json, { indent, taken, width }: { indent: string; taken: number; width: number }): string {
  const line = onOneLine(value);
  if (value === null || typeof value !== "object" || taken + line.length <= width) return line;
  const inner = `${indent}  `;
  const part = (name: string, field: Json) =>
    inner + name + laidOut(field, { indent: inner, taken: inner.length + name.length + 1, width });
  return isList(value)
    ? `[\n${value.map((item) => part("", item)).join(",\n")}\n${indent}]`
    : `{\n${Object.entries(value)
        .map(([name, field]) => part(`${JSON.stringify(name)}: `, field))
        .join(",\n")}\n${indent}}`;
}

function onOneLine(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isList(value)) return `[${value.map(onOneLine).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([name, field]) => `${JSON.stringify(name)}: ${onOneLine(field)}`)
    .join(", ")}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
