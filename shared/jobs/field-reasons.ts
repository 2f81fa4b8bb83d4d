import { z } from "zod";

type Issue = z.core.$ZodRawIssue;

/** Replaces Zod's sentences in the whole process by what the author of a request or an input has to write. */
export function usePlainReasons(): void {
  z.config({ localeError: reasonOf });
}

/** The reason behind the name of a field: `is required`, `expected at least 3 characters`. */
export function reasonOf(issue: Issue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "is required" : `expected ${TYPES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      if (issue.input === undefined) return "is required";
      return `expected ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `expected ${issue.inclusive === false ? "more than" : "at least"} ${amount(issue.minimum, issue.origin)}`;
    case "too_big":
      return `expected ${issue.inclusive === false ? "less than" : "at most"} ${amount(issue.maximum, issue.origin)}`;
    case "invalid_format":
      return `expected ${FORMATS[issue.format] ?? "another form"}`;
    case "invalid_union":
      return issue.input === undefined ? "is required" : "has none of the allowed forms";
    default:
      return undefined;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "an object",
  record: "an object",
  null: "null",
};

const FORMATS: Readonly<Record<string, string>> = {
  uuid: "a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057",
  date: "a date that exists, as YYYY-MM-DD",
  datetime: "an instant such as 2026-03-31T09:00:00Z",
  email: "an e-mail address",
  url: "an address such as https://example.com",
};

const UNITS: Readonly<Record<string, string>> = { string: "characters", array: "entries", set: "entries" };

function amount(limit: number | bigint, origin: string): string {
  const unit = UNITS[origin];
  if (unit === undefined) return String(limit);
  return `${limit} ${Number(limit) === 1 ? unit.replace(/ies$/, "y").replace(/s$/, "") : unit}`;
}
