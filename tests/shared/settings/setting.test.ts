import { describe, expect, expectTypeOf, it } from "vitest";
import { byHost, duration, flag, listOf, oneOf, type Setting, shares, text, url, whole } from "#settings/setting.ts";

const about = { about: "A sample." };
const accepts = <T>(setting: Setting<T>, cases: readonly (readonly [string, T])[]) => {
  for (const [written, value] of cases) expect(setting.read(written), written).toEqual(value);
};
const refuses = (setting: Setting<unknown>, cases: readonly string[], expected: string) => {
  for (const written of cases) expect(() => setting.read(written), written).toThrow(expected);
};

describe("a setting", () => {
  it("of an address has a user and a password that can be decoded", () => {
    const setting = url(["smtps"], about);
    accepts(setting, [["smtps://user:50%25@mail.example.org", "smtps://user:50%25@mail.example.org"]]);
    refuses(setting, ["smtps://user:50%@mail.example.org", "smtps://u%zz:p@mail.example.org"], "% is %25");
  });

  it("of text is what was written", () => {
    accepts(text(about), [["any thing", "any thing"]]);
  });

  it("of a whole number has bounds", () => {
    const setting = whole(1, 100, about);
    accepts(setting, [
      ["1", 1],
      ["100", 100],
      ["007", 7],
    ]);
    refuses(setting, ["0", "101", "-1", "1.5", "1e2", "0x10", "ten", " 5", ""], "a whole number from 1 to 100");
  });

  it("of shares is whole percentages by name, in any order, that make 100", () => {
    const setting = shares(["a", "b"], about);
    accepts(setting, [
      ["b=40, a=60", { a: 60, b: 40 }],
      ["a=100,b=0", { a: 100, b: 0 }],
    ]);
    const refused = ["", "a=100", "a=60,b=41", "a=60,b=40,c=0", "a=60,a=40", "a=60.5,b=39.5", "a=-1,b=101", "60,40"];
    refuses(setting, refused, "whole numbers with a sum of 100, as a=…,b=…");
  });

  it("of secrets by host names each host once", () => {
    accepts(byHost(about), [
      ["data.example.gov=abc", new Map([["data.example.gov", "abc"]])],
      [
        " Data.Example.gov=a.b-c , other.example.org:8443=d==",
        new Map([
          ["data.example.gov", "a.b-c"],
          ["other.example.org:8443", "d=="],
        ]),
      ],
    ]);
    const refused = [
      "",
      "abc",
      "a.example=",
      "=abc",
      "a.example=x,a.example=y",
      "https://a.example=x",
      "a.example=x y",
    ];
    refuses(byHost(about), refused, "one value for each host");
  });

  it("of yes or no is read in the usual spellings", () => {
    accepts(flag(about), [
      ["true", true],
      ["1", true],
      ["Yes", true],
      ["ON", true],
      ["false", false],
      ["0", false],
      ["no", false],
      ["Off", false],
    ]);
    refuses(flag(about), ["", "maybe", "2", "truee", "y"], "true or false");
  });

  it("of a choice is one of them to the letter", () => {
    const setting = oneOf(["json", "pretty"], about);
    expectTypeOf(setting.read).returns.toEqualTypeOf<"json" | "pretty">();
    accepts(setting, [["json", "json"]]);
    refuses(setting, ["JSON", "", "xml", "toString"], "one of json, pretty");
  });

  it("of a list has each choice once, in the order given", () => {
    const setting = listOf(["ecb", "frankfurter"], about);
    accepts(setting, [
      ["frankfurter, ecb", ["frankfurter", "ecb"]],
      ["ecb", ["ecb"]],
    ]);
    refuses(
      setting,
      ["", "ecb,ecb", "ecb,", "ecb;frankfurter", "imf"],
      "a comma-separated list, each once, of ecb, frankfurter",
    );
  });

  it("of an address has one of its schemes, and loses the slash at its end", () => {
    const setting = url(["https", "http"], about);
    accepts(setting, [
      ["https://example.test/v1/", "https://example.test/v1"],
      ["HTTP://127.0.0.1:5000", "HTTP://127.0.0.1:5000"],
    ]);
    refuses(
      setting,
      ["", "example.test", "ftp://example.test", "https:example.test", "https:/example.test", "https://"],
      "an address that begins with https:// or http://",
    );
  });

  it("of a duration has a unit and bounds", () => {
    const setting = duration("1s", "1h", about);
    accepts(setting, [
      ["1s", 1_000],
      ["1h", 3_600_000],
      ["1.5m", 90_000],
    ]);
    refuses(
      setting,
      ["", "30", "999ms", "61m", "-5s", "5 s", "soon"],
      'a duration such as "30s" or "10m", from "1s" to "1h"',
    );
  });
});
