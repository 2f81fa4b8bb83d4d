import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts", "packages/*/tests/**/*.test.ts"],
    setupFiles: ["tests/support/property-seed.ts"],
    globalSetup: ["tests/support/global-setup.ts"],
    // Tests wait for signals: these end what hangs, on a machine that is slow and busy too.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000 } },
    pool: "forks",
    // On two cores the default is one, although most tests wait for a database or another process most of the time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: process.env.CI ? ["default", ["json", { outputFile: ".rota/test-report.json" }]] : ["default"],
  },
});
