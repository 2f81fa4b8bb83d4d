import { statfs } from "node:fs/promises";
import { dirname } from "node:path";

/** Free megabytes of the file system that has a directory, or that would have it. */
export async function freeDiskMb(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return (bavail * bsize) / 2 ** 20;
  } catch (error) {
    const parent = dirname(directory);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || parent === directory) throw error;
    return freeDiskMb(parent);
  }
}
