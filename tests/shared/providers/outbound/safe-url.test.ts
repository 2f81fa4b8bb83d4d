import { expect, test } from "vitest";
import { safeUrl, withoutSecrets } from "#providers/outbound/safe-url.ts";

test.each([
  "apikey",
  "api_token",
  "api-key",
  "key",
  "access_token",
  "client_secret",
  "sig",
  "signature",
  "Password",
  "code",
])("the value of %s is hidden", (name) => {
  expect(safeUrl(new URL(`https://acme.example/q?${name}=abc&symbol=SPY`))).toBe(
    `https://acme.example/q?${name}=***&symbol=SPY`,
  );
});

test("user, password and fragment are dropped", () => {
  expect(safeUrl(new URL("https://me:pw@acme.example/q#top"))).toBe("https://acme.example/q");
});

test("a given secret is hidden at any position, also URL-encoded", () => {
  expect(withoutSecrets("a/b+c, a%2Fb%2Bc", ["a/b+c", ""])).toBe("***, ***");
});
