import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readableJson, responseText } from "#http/readable-json.ts";

describe("JSON for terminals", () => {
  it("keeps values that fit on one line, and indents the others", () => {
    const run = {
      id: "01a202c0-a790-760c-953c-5735a5baf352",
      result: { inserted: 29, skipped: 0 },
      next: ["2026-11-22T15:30:00.000Z", "2026-11-23T15:30:00.000Z", "2026-11-24T15:30:00.000Z"],
      errors: [],
    };
    expect(readableJson(run)).toBe(`{
  "id": "01a202c0-a790-760c-953c-5735a5baf352",
  "result": {"inserted": 29, "skipped": 0},
  "next": [
    "2026-11-22T15:30:00.000Z",
    "2026-11-23T15:30:00.000Z",
    "2026-11-24T15:30:00.000Z"
  ],
  "errors": []
}`);
  });

  it("parses to the same value, and no line is wider than necessary", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 20, max: 200 }), (value, width) => {
        const text = readableJson(value, width);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        for (const line of text.split("\n")) {
          // A wider line has only a name and a plain value, which cannot be broken.
          if (line.length > width) expect(line.trim()).toMatch(/^("(?:[^"\\]|\\.)*": )?([^[{]|[[{]$|(\[\]|\{\}),?$)/s);
        }
      }),
    );
  });

  it("is sent to terminal clients only", () => {
    expect(responseText({ a: [1] }, "curl/8.5.0")).toBe('{"a": [1]}\n');
    expect(responseText({ a: [1] }, "node")).toBe('{"a":[1]}');
    expect(responseText({ a: [1] }, null)).toBe('{"a":[1]}');
  });

  it("converts dates and undefined as JSON.stringify does", () => {
    expect(readableJson({ at: new Date(0), gone: undefined })).toBe('{"at": "1970-01-01T00:00:00.000Z"}');
  });
});
