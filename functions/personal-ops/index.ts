import type { Job } from "#jobs";

/** The jobs of this family. */
export const jobs: readonly Job[] = [];
