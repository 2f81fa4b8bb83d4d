import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Job } from "#jobs/define-job.ts";
import { startEcbStandIn } from "#local/providers/ecb.ts";
import { startFrankfurterStandIn } from "#local/providers/frankfurter.ts";
import type { Environment } from "#settings/environment.ts";

/** What jobs reach beyond the database while time is simulated. Nothing in it is the real world's. */
export interface Surroundings {
  readonly settings: Environment;
  close(): Promise<void>;
}

/** Families whose providers have a stand-in here. */
const FAMILIES: ReadonlySet<string> = new Set(["portfolio"]);

/** Whether the job can do its work here: what asks outside services needs stand-ins of them, or it would ask the real ones. */
export function hasSurroundings({ family, gates }: Job): boolean {
  return gates.length === 0 || FAMILIES.has(family.id);
}

/** Starts providers on loopback that live in the simulated time, and makes a folder for temporary files. */
export async function startSurroundings(asOf: () => Date): Promise<Surroundings> {
  const [ecb, frankfurter, directory] = await Promise.all([
    startEcbStandIn({ asOf }),
    startFrankfurterStandIn({ asOf }),
    mkdtemp(join(tmpdir(), "rota-time-machine-files-")),
  ]);
  return {
    settings: {
      ECB_BASE_URL: ecb.baseUrl,
      FRANKFURTER_BASE_URL: frankfurter.baseUrl,
      // Seen from a simulated day, every file of this machine may be old enough to go.
      TEMP_DIRECTORY: directory,
      // The ledger is what is counted at the end: nothing of it may go to the archive before.
      RUN_RETENTION_DAYS: "36500",
    },
    async close() {
      await Promise.all([ecb.close(), frankfurter.close(), rm(directory, { recursive: true, force: true })]);
    },
  };
}
