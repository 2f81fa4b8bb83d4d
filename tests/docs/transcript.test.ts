import { describe, expect, it } from "vitest";
import { Transcript } from "./transcript.ts";

const A = "01a202c5-e286-77a2-a61a-4cbcc13ff880";
const B = "01a202c5-e2d5-74b1-ae96-533d420d49c0";
const C = "01a202c6-84ee-7629-a60f-a360930f2fd3";

describe("an answer compared with the page", () => {
  it("may differ only in times, ports and ids", () => {
    const page = `{"id": "${A}", "at": "2026-11-22T10:20:52.742Z", "url": "http://127.0.0.1:7071", "n": 1}`;
    const same = `{"id": "${B}", "at": "2027-01-01T00:00:00.000Z", "url": "http://127.0.0.1:9", "n": 1}`;
    expect(new Transcript().difference(page, same)).toBeNull();
    expect(new Transcript().difference(page, same.replace('"n": 1', '"n": 2'))).toContain('"n": 2');
    expect(new Transcript().difference(page, same.replace("2027-01-01T00:00:00.000Z", "soon"))).toContain("soon");
  });

  it("maps each id consistently, also in commands", () => {
    const transcript = new Transcript();
    expect(transcript.difference(A, B)).toBeNull();
    expect(transcript.command(`curl /runs/${A}/retry`)).toBe(`curl /runs/${B}/retry`);
    expect(transcript.difference(A, C)).toContain("is not where it should be");
    expect(transcript.difference(C, B), "one id for two ids of the page").toContain("two ids");
    expect(new Transcript().difference(`${A} ${A}`, `${B} ${C}`)).toContain("is not where it should be");
  });

  it("may omit lines and parts of lines that the page marks with …", () => {
    const page = '{\n  "a": 1,\n  …\n  "d": "x…"\n}\n';
    expect(new Transcript().difference(page, '{\n  "a": 1,\n  "b": 2,\n  "c": 3,\n  "d": "xyz"\n}\n')).toBeNull();
    expect(new Transcript().difference(page, '{\n  "a": 1,\n  "d": "x"\n}\n')).toBeNull();
    expect(new Transcript().difference(page, '{\n  "b": 2,\n  "a": 1,\n  "d": "x"\n}\n')).toContain('"a": 1');
  });
});
