import { expect, it } from "vitest";
import { deadRunRemedy } from "#jobs/dead-run-remedy.ts";
import { anError } from "#support/factories.ts";

const id = "01993c1e-7d2a-7c31-9f0e-3b1c5a7e9d42";
const remedy = (name: string, errorClass: string, input: unknown = {}) =>
  deadRunRemedy({ id, input, errors: [anError({ name, class: errorClass })] });

it("a wrong input can be corrected, waited for, or dismissed", () => {
  const text = remedy("InvalidInput", "validation", { startDate: "2027-01-01" });
  expect(text).toContain(`with {"runs":["${id}"],"input":{…}}, or npm run rota -- replay ${id} '{…}'`);
  expect(text).toContain("Or wait until its input can succeed");
  expect(text).toContain(`npm run rota -- dismiss ${id}`);
});

it.each([
  ["Error", "auth", "Renew the credentials that were refused"],
  ["Error", "validation", "Correct the data that the error names"],
  ["InvalidInput", "validation", "Correct the data that the error names"],
  ["Error", "transient", "Wait until what failed answers again"],
  ["Error", "unknown", "Remove the cause"],
])("%s of class %s without an input is run again after its cure: %s", (name, errorClass, cure) => {
  expect(remedy(name, errorClass)).toContain(`${cure}, then run it again: `);
  expect(remedy(name, errorClass)).not.toContain("corrected input");
});
