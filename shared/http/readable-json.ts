type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Terminal clients, which do not format JSON. */
const TERMINAL_CLIENT = /^(curl|wget|httpie)\//i;

/** The JSON of a response: compact for programs, formatted for terminal clients. */
export function responseText(value: unknown, userAgent: string | null): string {
  return userAgent && TERMINAL_CLIENT.test(userAgent) ? `${readableJson(value)}\n` : JSON.stringify(value);
}

/** Formats JSON for people: a value that fits into the width takes one line, others are indented by two spaces. */
export function readableJson(value: unknown, width = 80): string {
  return formatted(JSON.parse(JSON.stringify(value)) as Json, { indent: "", taken: 0, width });
}

/** @param taken characters of the line beside the value: indentation, name, and comma */
function formatted(value: Json, { indent, taken, width }: { indent: string; taken: number; width: number }): string {
  const line = onOneLine(value);
  if (value === null || typeof value !== "object" || taken + line.length <= width) return line;
  const inner = `${indent}  `;
  const part = (name: string, field: Json) =>
    inner + name + formatted(field, { indent: inner, taken: inner.length + name.length + 1, width });
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
