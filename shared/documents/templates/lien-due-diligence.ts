import { z } from "zod";
import { defineTemplate } from "../template.ts";
import { certificateAndProperty, date, day, dollars, lien, money, property, words } from "../template-fields.ts";

const context = z.strictObject({
  asOf: date,
  lien,
  property,
  checks: z
    .array(z.strictObject({ check: words.min(1), result: z.enum(["pass", "warning", "fail"]), detail: words }))
    .max(200)
    .default([]),
  priorLiens: z
    .array(z.strictObject({ holder: words.min(1), amount: money, recordedOn: date.nullish() }))
    .max(200)
    .default([]),
  notes: words.nullish(),
});
type Context = z.output<typeof context>;
export type DueDiligenceFacts = z.input<typeof context>;

const RESULTS = { pass: "Pass", warning: "Warning", fail: "Fail" } as const;

/** The checks of one certificate before its purchase, with their results. */
export const lienDueDiligence = defineTemplate({
  context,
  passages: {
    findings: {
      ask: "Two or three sentences: what the checks found, which finding weighs most, what should be looked at before buying.",
      written: findings,
    },
  },
  heading: ({ lien, asOf }) => ({
    title: `Due diligence: certificate ${lien.certificate}`,
    subtitle: `${lien.county}, ${lien.state} \u00b7 tax year ${lien.taxYear} \u00b7 as of ${day(asOf)}`,
  }),
  blocks: ({ lien, property, checks, priorLiens, notes }, words) => [
    {
      kind: "figures",
      figures: [
        { label: "Face amount", value: dollars(lien.face) },
        { label: "Property value", value: dollars(property.value) },
        { label: "Checks passed", value: `${count(checks, "pass")} of ${checks.length}` },
        { label: "Failed", value: String(count(checks, "fail")), note: `${count(checks, "warning")} with a warning` },
      ],
    },
    { kind: "heading", text: "Findings" },
    { kind: "paragraph", text: words.findings },
    ...(checks.length
      ? [
          {
            kind: "table",
            columns: [
              { title: "Check", align: "left", share: 1.4 },
              { title: "Result", align: "left", share: 0.7 },
              { title: "Detail", align: "left", share: 2.9 },
            ],
            rows: checks.map(({ check, result, detail }) => [check, RESULTS[result], detail]),
          } as const,
        ]
      : []),
    certificateAndProperty(lien, property),
    { kind: "heading", text: "Prior liens" },
    priorLiens.length
      ? {
          kind: "table",
          columns: [
            { title: "Holder", align: "left", share: 2 },
            { title: "Recorded", align: "left", share: 1 },
            { title: "Amount", align: "right", share: 1 },
          ],
          rows: priorLiens.map(({ holder, recordedOn, amount }) => [holder, day(recordedOn), dollars(amount)]),
        }
      : { kind: "paragraph", text: "None is known." },
    ...(notes ? [{ kind: "heading", text: "Notes" } as const, { kind: "paragraph", text: notes } as const] : []),
  ],
});

function findings({ lien, checks, priorLiens }: Context): string {
  const failed = checks.filter(({ result }) => result === "fail").map(({ check }) => check);
  const outcome = failed.length ? `These failed: ${failed.join(", ")}.` : "None failed.";
  const prior = ["no prior lien", "one prior lien"][priorLiens.length] ?? `${priorLiens.length} prior liens`;
  return `Certificate ${lien.certificate} of ${lien.county} was examined in ${checks.length} checks. ${outcome} On record: ${prior}.`;
}

function count(checks: Context["checks"], result: keyof typeof RESULTS): number {
  return checks.filter((check) => check.result === result).length;
}
