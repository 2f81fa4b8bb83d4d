import { z } from "zod";
import { counted } from "#text/counted.ts";
import { defineTemplate } from "../template.ts";
import {
  date,
  day,
  dollars,
  lien,
  lienAndPropertyFacts,
  money,
  nameOf,
  property,
  subjectOf,
  words,
} from "../template-fields.ts";

const context = z.strictObject({
  asOf: date,
  lien,
  property,
  checks: z
    .array(
      z.strictObject({ check: words.min(1), result: z.enum(["pass", "warning", "fail", "unknown"]), detail: words }),
    )
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

const RESULTS = { pass: "Pass", warning: "Warning", fail: "Fail", unknown: "Unknown" } as const;

/** The checks of one certificate before its purchase, with their results. */
export const lienDueDiligence = defineTemplate({
  context,
  passages: {
    findings: {
      ask: "Two or three sentences: what the checks found, which finding weighs most, what should be looked at before buying.",
      written: findings,
    },
  },
  heading: ({ lien, property, asOf }) => ({
    title: `Due diligence: ${nameOf(lien, property)}`,
    subtitle: `${lien.county}, ${lien.state} \u00b7 tax year ${lien.taxYear} \u00b7 as of ${day(asOf)}`,
  }),
  blocks: ({ lien, property, checks, priorLiens, notes }, words) => [
    ...checks
      .filter(({ result }) => result === "fail")
      .map(({ check, detail }) => ({ kind: "paragraph", tone: "warning", text: `${check}: ${detail}` }) as const),
    {
      kind: "figures",
      figures: [
        { label: "Face amount", value: dollars(lien.face) },
        { label: "Property value", value: dollars(property.value), note: property.valueSource ?? undefined },
        {
          label: "Checks passed",
          value: `${count(checks, "pass")} of ${checks.length}`,
          note: unknown(checks).length ? `${unknown(checks).length} could not be made` : undefined,
        },
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
    ...lienAndPropertyFacts(lien, property),
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
      : { kind: "paragraph", text: lien.prior == null ? "Not checked." : "None is listed." },
    ...(notes ? [{ kind: "heading", text: "Notes" } as const, { kind: "paragraph", text: notes } as const] : []),
  ],
});

function findings({ lien, property, checks, priorLiens }: Context): string {
  const failed = checks.filter(({ result }) => result === "fail").map(({ check }) => check);
  const missing = unknown(checks);
  const made = checks.length - missing.length;
  const outcome = failed.length ? `These failed: ${failed.join(", ")}.` : made > 0 ? "None of these failed." : "";
  const open = missing.length ? `For want of data these were not made: ${missing.join(", ")}.` : "";
  const isKnown = priorLiens.length > 0 || lien.prior != null;
  const prior = isKnown ? `Listed: ${counted(priorLiens.length, "prior lien")}.` : "Prior liens were not checked.";
  const examined = `${subjectOf(lien, property)} was examined in ${counted(made, "check")}.`;
  return [examined, outcome, open, prior].filter(Boolean).join(" ");
}

function unknown(checks: Context["checks"]): string[] {
  return checks.filter(({ result }) => result === "unknown").map(({ check }) => check);
}

function count(checks: Context["checks"], result: keyof typeof RESULTS): number {
  return checks.filter((check) => check.result === result).length;
}
