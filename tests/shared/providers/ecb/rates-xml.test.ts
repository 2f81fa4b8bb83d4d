import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { daysOfXml } from "#providers/ecb/rates-xml.ts";
import { providerErrorOf } from "../scripted-server.ts";

const source = { provider: "ecb", url: "https://ecb.example/daily.xml" };
const SAMPLE = `<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
  <gesmes:subject>Reference rates</gesmes:subject>
  <Cube>
    <Cube time='2025-05-09'><Cube currency='USD' rate='1.1252'/><Cube currency='SEK' rate='10.9200'/></Cube>
    <Cube time="2025-05-08"><Cube currency="USD" rate="1.1297"/><Cube currency="SEK" rate="10.8875"/></Cube>
  </Cube>
</gesmes:Envelope>
`;

test("days come newest first with the digits as published", () => {
  expect(daysOfXml(SAMPLE, source)).toEqual([
    {
      date: "2025-05-09",
      source: "ecb",
      rates: [
        { quote: "USD", rate: "1.1252" },
        { quote: "SEK", rate: "10.9200" },
      ],
    },
    {
      date: "2025-05-08",
      source: "ecb",
      rates: [
        { quote: "USD", rate: "1.1297" },
        { quote: "SEK", rate: "10.8875" },
      ],
    },
  ]);
});

test("a document that is cut off at any position is transient", async () => {
  for (let length = 60; length < SAMPLE.trimEnd().length; length += 7) {
    const trouble = await providerErrorOf(async () => daysOfXml(SAMPLE.slice(0, length), source));
    expect(trouble).toMatchObject({ errorClass: "transient" });
    expect(trouble.message).toBe(`the rates file of ecb ends before its end tag: ${source.url}`);
  }
});

test.each([
  ["what is no XML", "Date,USD\n", "does not begin with <?xml"],
  [
    "a document type",
    SAMPLE.replace("<gesmes:Env", '<!DOCTYPE x [<!ENTITY a "b">]><gesmes:Env'),
    "has a document type",
  ],
  ["another document", '<?xml version="1.0"?><Envelope><Other/></Envelope>', "has no Envelope with a Cube"],
  ["an empty one", '<?xml version="1.0"?><Envelope><Cube><a/></Cube></Envelope>', "has no day in it"],
  ["an unknown currency", SAMPLE.replace("'SEK'", "'ZZZ'"), 'has an unknown currency "ZZZ" for 2025-05-09'],
  ["a date that does not exist", SAMPLE.replace("2025-05-08", "2025-04-31"), 'has a day with time="2025-04-31"'],
  ["a day twice", SAMPLE.replace("2025-05-08", "2025-05-09"), "is out of order: 2025-05-09 follows 2025-05-09"],
  ["a currency twice", SAMPLE.replace("'SEK'", "'USD'"), "has a currency twice for 2025-05-09"],
  ["a rate that is no decimal", SAMPLE.replace("1.1252", "n/a"), 'has rate="n/a" for USD on 2025-05-09'],
  ["a missing rate", SAMPLE.replace(" rate='1.1252'", ""), 'has rate="" for USD on 2025-05-09'],
  [
    "a day without rates",
    SAMPLE.replace(/(<Cube time="2025-05-08">).*<\/Cube>/, "$1</Cube>"),
    "has no rate for 2025-05-08",
  ],
])("%s is refused", async (_what, text, sentence) => {
  const trouble = await providerErrorOf(async () => daysOfXml(text, source));
  expect(trouble).toMatchObject({ errorClass: "validation", provider: "ecb", url: source.url });
  expect(trouble.message).toContain(sentence);
});

const DAILY = "../shared/data/fx/eurofxref-daily.xml";
describe.skipIf(!existsSync(DAILY))("the ECB's own file (skipped where ../shared/data is missing)", () => {
  test("keeps every digit", () => {
    const text = readFileSync(DAILY, "utf8");
    const published = [...text.matchAll(/currency='(\w+)' rate='([\d.]+)'/g)].map(([, quote, rate]) => ({
      quote,
      rate,
    }));
    expect(published).toHaveLength(30);
    expect(daysOfXml(text, source)).toEqual([{ date: "2025-05-09", source: "ecb", rates: published }]);
  });
});
