import { and, desc, eq } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { type UploadedList, uploadedLists } from "./uploaded-list-schema.ts";

/** Records an upload; the same bytes again get its time and its sender. @returns whether the bytes are new */
export async function recordUpload(tx: Tx, list: UploadedList): Promise<boolean> {
  const { countyId, sha256, uploadedAt, uploadedBy } = list;
  const [known] = await tx
    .update(uploadedLists)
    .set({ uploadedAt, uploadedBy })
    .where(and(eq(uploadedLists.countyId, countyId), eq(uploadedLists.sha256, sha256)))
    .returning({ sha256: uploadedLists.sha256 });
  if (known) return false;
  await tx.insert(uploadedLists).values(list);
  return true;
}

/** The list of a county whose source is `upload`: the one uploaded last. */
export async function newestUpload(db: Executor, countyId: string): Promise<UploadedList | undefined> {
  const [newest] = await listUploads(db, countyId, 1);
  return newest;
}

/** Newest first. */
export async function listUploads(db: Executor, countyId: string, limit: number): Promise<UploadedList[]> {
  return db
    .select()
    .from(uploadedLists)
    .where(eq(uploadedLists.countyId, countyId))
    .orderBy(desc(uploadedLists.uploadedAt), desc(uploadedLists.sha256))
    .limit(limit);
}

export async function findUpload(db: Executor, countyId: string, sha256: string): Promise<UploadedList | undefined> {
  const [found] = await db
    .select()
    .from(uploadedLists)
    .where(and(eq(uploadedLists.countyId, countyId), eq(uploadedLists.sha256, sha256)));
  return found;
}
