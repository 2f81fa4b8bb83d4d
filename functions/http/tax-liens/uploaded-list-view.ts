import { z } from "zod";
import type { UploadedList } from "#data/tax-liens/uploaded-list-schema.ts";

/** An uploaded list as the API shows it. */
export const uploadedListSchema = z.object({
  sha256: z.string(),
  blob: z.string().describe("Its name in the container county-lists"),
  bytes: z.number(),
  contentType: z.string(),
  uploadedAt: z.iso.datetime(),
  uploadedBy: z.string(),
});

export function uploadedListView({
  countyId: _,
  uploadedAt,
  ...list
}: UploadedList): z.input<typeof uploadedListSchema> {
  return { ...list, uploadedAt: uploadedAt.toISOString() };
}
