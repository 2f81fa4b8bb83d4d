import fc from "fast-check";
import { expect, it } from "vitest";
import { readPrincipal } from "#http/principal.ts";
import { principalHeader } from "./principals.ts";

it("is named by its user name, else by its object id", () => {
  expect(readPrincipal(principalHeader(["rota.viewer"]))).toEqual({
    name: "ada@example.org",
    roles: new Set(["rota.viewer"]),
  });
  expect(readPrincipal(principalHeader([], { name: "" }))!.name).toBe("7d9f4b1c-0000-4000-8000-000000000001");
});

it("has a name without control characters, at most 200 characters", () => {
  expect(readPrincipal(principalHeader([], { name: `a\n2026 forged\u202e\u0000${"x".repeat(500)}` }))!.name).toBe(
    `a2026 forged${"x".repeat(188)}`,
  );
});

it("reads any header without an exception", () => {
  const claim = fc.record({ typ: fc.anything(), val: fc.anything() });
  const shaped = fc
    .record({ auth_typ: fc.constantFrom("aad", "github", null), claims: fc.array(claim) })
    .map((value) => Buffer.from(JSON.stringify(value)).toString("base64"));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String(), shaped), (header) => {
      const principal = readPrincipal(header);
      if (principal) expect(principal.name).not.toBe("");
    }),
  );
});

it("rejects a header above the length limit", () => {
  expect(
    readPrincipal(principalHeader(Array.from({ length: 990 }, (_, i) => `role-${i}-${"x".repeat(60)}`))),
  ).toBeNull();
});
