import { sourceFaults } from "./source-faults.ts";
import { sourceShape } from "./source-shape.ts";

export type { CountySource, SourceOf } from "./source-shape.ts";

/** How to fetch and read a county's list. */
export const countySourceSchema = sourceShape.superRefine((source, context) => {
  const { taxYear } = { ...source.constants, ...source.fields };
  if (taxYear === undefined) {
    const message = "expected a column, or a constant taxYear";
    context.addIssue({ code: "custom", path: ["fields", "taxYear"], message });
  }
  // The parts must be valid before they are compared.
  if (context.issues.length > 0) return;
  for (const { path, message } of sourceFaults(source)) {
    context.addIssue({ code: "custom", path: [...path], message });
  }
});
