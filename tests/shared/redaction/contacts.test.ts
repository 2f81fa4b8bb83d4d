import fc from "fast-check";
import { expect, it, test } from "vitest";
import { redactContacts } from "#redaction/contacts.ts";

test.each([
  "+15005550006",
  "+1 (500) 555-0006",
  "(500) 555-0006",
  "500-555-0006",
  "500.555.0006",
  "500 555 0006",
  "5005550006",
  "1-500-555-0006",
  "555-0006",
  "+49 (0) 30 / 123 456-78",
  "030/12345678",
  "0049 30 12345678",
  "+44 20 7946 0018",
  "06 12 34 56 78",
  "(11) 91234-5678",
  "２０１２３４５６７",
  "٠٣٠١٢٣٤٥٦٧",
  "1-800-FLOWERS",
  "500–555–0006",
])("the telephone number %s is redacted", (number) => {
  expect(redactContacts(`call ${number}, please`)).toBe("call [redacted], please");
  expect(redactContacts(`tel:${number}`)).toBe("tel:[redacted]");
});

test.each([
  "jane@example.org",
  "jane.doe+x@mail.example.co.uk",
  "'jane'@example.org",
  '"jane doe"@example.org',
  "jané@exämple.de",
  "root@localhost",
  "jane%40example.org",
  "jane (at) example.org",
  "jane [at] example [dot] org",
  "jane at example dot org",
])("the address %s is redacted", (address) => {
  expect(redactContacts(`from ${address}`)).toBe("from [redacted]");
});

test.each([
  ["pat-na1-0a1b2c3d-1111-2222-3333-444455556666", "[redacted]"],
  ["AC0123456789abcdef0123456789abcdef", "[redacted]"],
  ["token=hunter22", "token=[redacted]"],
  ["Bearer abcdef0123456789abcdef", "Bearer [redacted]"],
])("the key in %s is redacted", (text, clean) => {
  expect(redactContacts(text)).toBe(clean);
});

test.each([
  "on 2026-11-30 at 14:05:10",
  "on 30.11.2026 and 11/30/2026",
  "2025-2026",
  "1,234,567 calls",
  "123456.78 dollars",
  "3 of 12 failed in 10.5 s",
  "4 at once",
  "SEV1 in step 12",
])("%s stays", (text) => {
  expect(redactContacts(text)).toBe(text);
});

it("leaves nothing of a number behind a date", () => {
  expect(redactContacts("2026-11-30 500-555-0006")).toBe("2026-11-30 [redacted]");
});

it("leaves no seven digits in a row of any telephone number, in any grouping", () => {
  const grouped = fc
    .tuple(
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 7, maxLength: 15 }),
      fc.constantFrom("", "-", " ", ".", " / "),
    )
    .map(([digits, separator]) => digits.map(String).join(separator).replace(/^0/, "5"));
  fc.assert(
    fc.property(grouped, (number) => {
      expect(redactContacts(`at ${number} now`).replace(/\D/g, "").length).toBeLessThan(7);
    }),
  );
});
