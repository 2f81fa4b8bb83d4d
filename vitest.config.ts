import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/support/longest-first.ts";

// Child processes of tests reuse the compiled code of earlier ones.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, ".rota/compile-cache");
// The workers and the processes of tests load the sources.
process.env.NODE_OPTIONS = [
  process.env.NODE_OPTIONS ?? "",
  `--import ${pathToFileURL(join(import.meta.dirname, "scripts/drizzle-imports.js")).href}`,
].join(" ");

/** Tests without a database, a child process or a cloud emulator. `npm run test:unit` runs these alone. */
const UNIT = [
  "packages/service-bus-emulator/tests/{queue,priority-queue}.test.ts",
  "packages/web-pubsub-emulator/tests/{filter,permissions,token}.test.ts",
  "tests/cli/{json-input,output,text-table,time-format,unknown-settings}.test.ts",
  "tests/cli/time-machine/{simulation-plan,slot-counts}.test.ts",
  "tests/docs/{county-lists,transcript}.test.ts",
  "tests/functions/index.test.ts",
  "tests/functions/http/health/within-limit.test.ts",
  "tests/local/ports.test.ts",
  "tests/local/functions-host/{repeated-errors,router,timer-trigger,utc-ncrontab}.test.ts",
  "tests/local/providers/**/*.test.ts",
  "tests/local/stack/demo-data/load-demo-data.test.ts",
  "tests/scripts/{check-scripts,publish-build,settings-example,source-files,start-banner,terminal-log}.test.ts",
  "tests/scripts/lint/**/*.test.ts",
  "tests/shared/azure/manifest.test.ts",
  "tests/shared/azure/message-hold.test.ts",
  "tests/shared/data/{migrations,row-ids}.test.ts",
  "tests/shared/data/connection/watched-socket.test.ts",
  "tests/shared/{diagnostics,documents,providers,redaction,rules,schedule,settings,text}/**/*.test.ts",
  "tests/shared/http/{caller,openapi,pagination,precondition,principal,readable-json,route}.test.ts",
  "tests/shared/jobs/{catalogue,dead-run-remedy,define-job,effective-schedule,endings,field-reasons,gates,input,retry}.test.ts",
  "tests/shared/notifications/{channel-address,push-subscription,routing,webhook-signature}.test.ts",
  "tests/shared/notifications/channels/**/*.test.ts",
  "tests/shared/operations/{freshness,idempotency,lateness,read-scope,repeat-batch,run-series,why-not-running}.test.ts",
  "tests/shared/realtime/{event-buffer,job-events,live-event,progress-throttle,realtime-observer,truncate-event}.test.ts",
  "tests/shared/runner/{clock-guard,execute-items,in-process-dispatch,missed-slots,requeue-delay,run-states,transition}.test.ts",
  "tests/shared/services/personal-ops/scan-sources.test.ts",
  "tests/shared/storage/stall-limit.test.ts",
  "tests/shared/telemetry/{log,outage-limit,pretty-log,trace-context}.test.ts",
];

/**
 * Tests that observe their own process: its memory, listeners, loaded modules or user. Each file gets a process of its
 * own.
 */
const ISOLATED = [
  "packages/service-bus-emulator/tests/load.test.ts",
  "tests/shared/app.test.ts",
  "tests/shared/runner/{blocked-loop,unhandled-rejections}.test.ts",
  "tests/shared/storage/stale-files.test.ts",
  "tests/shared/telemetry/application-insights.test.ts",
];

export default defineConfig({
  test: {
    // On two cores the default is one, although tests wait for a database or another process a part of the time.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    reporters: process.env.CI ? ["default", ["json", { outputFile: ".rota/test-report.json" }]] : ["default"],
    projects: [
      // Loading the modules takes longer than most files take to run: files of one worker share them.
      { test: { ...common(), name: "unit", include: UNIT, exclude: ISOLATED, isolate: false } },
      {
        test: {
          ...common(),
          name: "integration",
          include: ["tests/**/*.test.ts", "packages/*/tests/**/*.test.ts"],
          exclude: [...UNIT, ...ISOLATED],
          isolate: false,
          globalSetup: ["tests/support/global-setup.ts"],
        },
      },
      {
        test: { ...common(), name: "isolated", include: ISOLATED, globalSetup: ["tests/support/global-setup.ts"] },
      },
    ],
  },
});

function common() {
  return {
    setupFiles: ["tests/support/setup-file.ts"],
    // Tests wait for signals. These limits end a test that hangs, also on a slow and busy machine.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000 } },
    pool: "forks" as const,
    // Node imports the sources itself, as it does in the app's scripts: Vite's module runner takes a fifth longer.
    experimental: { viteModuleRunner: false, nodeLoader: false },
  };
}
