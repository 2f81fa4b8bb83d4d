import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Small files that take long, the longest first. Without the record of an earlier run vitest sorts by the size of a
 * file.
 */
const LONG = [
  "tests/load/load-scripts.test.ts",
  "tests/cli/commands/time-machine.test.ts",
  "tests/docs/operate-by-curl.test.ts",
  "tests/e2e/crash.test.ts",
  "tests/e2e/protection.test.ts",
  "tests/docs/readme.test.ts",
  "tests/docs/add-a-job.test.ts",
  "tests/docs/documents.test.ts",
  "tests/e2e/two-processes.test.ts",
  "tests/e2e/live-events.test.ts",
  "tests/e2e/telemetry.test.ts",
  "tests/e2e/steering.test.ts",
  "tests/e2e/database-gone.test.ts",
  "tests/cli/real-stack.test.ts",
  "tests/shared/schedule/every-zone.test.ts",
];

/** Starts the longest files first: one that starts last keeps a worker busy while the others have nothing left. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = LONG.findIndex((file) => moduleId.endsWith(file));
      return index < 0 ? LONG.length : index;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
