import { z } from "zod";
import type { RepeatCursor } from "#data/platform/run-repeats.ts";
import { instantField } from "#rules/input-fields.ts";

/** The `nextAfter` of an answer as text: the last run of the page, and the time of the first page. */
export const repeatCursor = z
  .string()
  .max(100)
  .transform((text, context): RepeatCursor => {
    const [id = "", at = "", ...more] = text.split("_");
    const after = z.uuid().safeParse(id);
    const begunAt = instantField.safeParse(at);
    if (after.success && begunAt.success && more.length === 0) return { after: after.data, begunAt: begunAt.data };
    context.addIssue({ code: "custom", message: "expected the `nextAfter` of an answer" });
    return z.NEVER;
  })
  .describe("The `nextAfter` of the page before");

export const nextAfter = z.string().nullable().describe("More runs match: send the request again with this as `after`");

export function cursorText(cursor: RepeatCursor | null): string | null {
  return cursor && `${cursor.after}_${cursor.begunAt.toISOString()}`;
}
