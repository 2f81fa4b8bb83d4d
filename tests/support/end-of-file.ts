import { afterAll } from "vitest";

const cleanups: (() => Promise<unknown>)[] = [];

/** Runs `cleanup` after the last test of the current test file, the latest one first. */
export function atEndOfFile(cleanup: () => Promise<unknown>): void {
  cleanups.push(cleanup);
}

/**
 * Called by a setup file, which runs for each test file. A support module is evaluated once for all files of a worker,
 * so an `afterAll` at its top level would serve only the first of them.
 */
export function runCleanupsAtEndOfFile(): void {
  afterAll(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });
}
