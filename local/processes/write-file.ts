import { writeFile as write } from "node:fs/promises";

/**
 * Writes a whole file, and names it in each error. Node names it only when it cannot open the file, so that a full disk
 * is "no space left on device, write".
 */
export async function writeFile(file: string, content: string, options: { mode?: number } = {}): Promise<void> {
  try {
    await write(file, content, options);
  } catch (error) {
    const fault = error as NodeJS.ErrnoException;
    if (fault.path === undefined) {
      fault.path = file;
      fault.message += ` '${file}'`;
    }
    throw fault;
  }
}
