import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    // Tests wait for signals: this ends a test that hangs, on a busy machine too.
    testTimeout: 60_000,
  },
});
