import { z } from "zod";

/** Rows of a list with the same fault or warning, as the API shows them. */
export const findingCount = z.object({
  field: z.string(),
  code: z.string(),
  word: z.string().optional(),
  rows: z.int(),
  reason: z.string().describe("Of the first row"),
  line: z.int().nullable().describe("Of the first row; null for the list as a whole"),
  lines: z.array(z.int()).describe("The first five lines"),
});
