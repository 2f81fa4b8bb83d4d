import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Job } from "#jobs/job.ts";
import { startFakeEcb } from "#local/providers/fake-ecb.ts";
import { startFakeFrankfurter } from "#local/providers/fake-frankfurter.ts";
import type { Environment } from "#settings/environment.ts";

/** The outside services of simulated jobs: fake servers and a temporary folder. */
export interface SimulationEnvironment {
  readonly settings: Environment;
  close(): Promise<void>;
}

/** Families whose providers have a fake server. */
const FAMILIES: ReadonlySet<string> = new Set(["portfolio"]);

/** Whether the job can do its work: without fake servers it would call the real services. */
export function canRunSimulated({ family, gates }: Job): boolean {
  return gates.length === 0 || FAMILIES.has(family.id);
}

/** Starts fake providers on loopback that use the simulated time, and creates a folder for temporary files. */
export async function startSimulationEnvironment(asOf: () => Date): Promise<SimulationEnvironment> {
  const [ecb, frankfurter, directory] = await Promise.all([
    startFakeEcb({ asOf }),
    startFakeFrankfurter({ asOf }),
    mkdtemp(join(tmpdir(), "rota-time-machine-files-")),
  ]);
  return {
    settings: {
      ECB_BASE_URL: ecb.baseUrl,
      FRANKFURTER_BASE_URL: frankfurter.baseUrl,
      // In simulated time every file of this machine may be old enough to be deleted.
      TEMP_DIRECTORY: directory,
      // The result is counted in the ledger, so no run may be archived before the end.
      RUN_RETENTION_DAYS: "36500",
    },
    async close() {
      await Promise.all([ecb.close(), frankfurter.close(), rm(directory, { recursive: true, force: true })]);
    },
  };
}
