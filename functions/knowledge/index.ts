import type { Job } from "#jobs";
import { extractKnowledge } from "./extract-knowledge/index.ts";

/** The jobs of this family. */
export const jobs: readonly Job[] = [extractKnowledge];
