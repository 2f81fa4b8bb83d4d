/**
 * The floors of the house. Dependencies point one way, from top to bottom:
 * functions → operations → runner → jobs → schedule. Each rule names its reason.
 */

/** `from` may import nothing below shared/ but these folders (and its own). */
const stands = (folder, on, comment) => ({
  name: `${folder}-stands-on`,
  comment,
  severity: "error",
  from: { path: `^shared/${folder}/` },
  to: { path: `^shared/(?!(${[folder, ...on].join("|")})/)` },
});

export default {
  forbidden: [
    {
      name: "no-circular",
      comment: "A cycle means that two modules are one idea: merge them, or name the third thing that both need.",
      severity: "error",
      from: {},
      to: { circular: true, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "no-circular-folders",
      comment: "Two floors that need each other, be it for types alone, cannot be understood or tested one by one.",
      severity: "error",
      scope: "folder",
      from: { path: "^shared/" },
      to: { circular: true, path: "^shared/" },
    },
    {
      name: "shared-knows-no-functions",
      comment: "shared/ is what jobs stand on: if it knew a job, no job could be added or removed alone.",
      severity: "error",
      from: { path: "^shared/" },
      to: { path: "^functions/" },
    },
    {
      name: "app-knows-no-host",
      comment:
        "functions/ and shared/ run on Azure unchanged: they know no local stack, no emulator, no tests, no tools.",
      severity: "error",
      from: { path: "^(functions|shared)/" },
      to: { path: "^(local|cli|packages|tests|bench|scripts)/|^node_modules/@rota/" },
    },
    {
      name: "local-imports-no-app-code",
      comment: "The local stack loads the app as Azure does, through package.json's main.",
      severity: "error",
      from: { path: "^local/" },
      to: { path: "^(functions|shared|cli)/" },
    },
    {
      name: "packages-know-no-app",
      comment: "The emulators are published for others: they know neither Rota nor each other.",
      severity: "error",
      from: { path: "^packages/([^/]+)/" },
      to: { pathNot: "^packages/$1/|node_modules/", dependencyTypesNot: ["core"] },
    },
    {
      name: "azure-in-one-place",
      comment:
        "Only shared/azure binds jobs and routes to triggers: every other file runs and is tested without a host.",
      severity: "error",
      from: { path: "^(functions|shared)/", pathNot: "^shared/azure/" },
      to: { path: "@azure/functions" },
    },
    {
      name: "jobs-import-no-layer-internals",
      comment: "A job imports what the layer gives from #jobs, which is shared/jobs/index.ts.",
      severity: "error",
      from: { path: "^functions/(platform|portfolio|tasks|tax-liens|knowledge|personal-ops)/" },
      to: { path: "^shared/(runner|operations|azure|schedule)/|^shared/jobs/(?!index\\.ts)|^shared/app\\.ts" },
    },
    stands("text", [], "The ground: comparing and shortening texts. Pure, and used by all."),
    stands("diagnostics", [], "The ground: timing a call for a diagnostics channel. Used by all."),
    stands("schedule", ["text"], "The ground: times, zones, durations. Pure, and used by all."),
    stands("redaction", ["text"], "The ground: what may be shown or stored of a value. Pure, and used by all."),
    stands("settings", ["schedule", "text"], "Jobs get their settings as values: the reader stands under everything."),
    stands(
      "rules",
      ["schedule", "redaction", "text"],
      "Business rules are functions of their arguments, so that tests can run thousands of them.",
    ),
    stands(
      "data",
      ["settings", "diagnostics", "redaction"],
      "The data floor stands on the driver, the settings of the connection and what may be stored of a value.",
    ),
    stands(
      "jobs",
      ["schedule", "redaction", "text", "settings", "data", "rules"],
      "What a job author imports knows neither the runner that executes it nor where its messages travel.",
    ),
    stands(
      "runner",
      ["jobs", "schedule", "redaction", "text", "settings", "data"],
      "The runner decides and records; carrying messages and answering triggers is the work of other floors.",
    ),
    stands(
      "operations",
      ["runner", "jobs", "schedule", "redaction", "text", "settings", "data", "rules"],
      "What operators do and ask uses the ledger and the runner, and knows no HTTP.",
    ),
    stands(
      "services",
      [
        "jobs",
        "schedule",
        "redaction",
        "text",
        "diagnostics",
        "settings",
        "data",
        "rules",
        "providers",
        "storage",
        "notifications",
      ],
      "Work that several jobs share puts queries, rules and storage together, in the caller's transaction.",
    ),
    {
      name: "pure-floors",
      comment: "Rules and schedules know no database, no network and no cloud.",
      severity: "error",
      from: { path: "^shared/(rules|schedule|redaction)/" },
      to: { path: "^node_modules/(postgres|drizzle-orm|@azure)/" },
    },
    {
      name: "job-layer-knows-no-azure",
      comment:
        "The job layer runs without a cloud: only messaging, storage, realtime, identity and azure speak to one.",
      severity: "error",
      from: { path: "^shared/(jobs|runner|operations|data|settings)/" },
      to: { path: "^node_modules/@azure/" },
    },
    {
      name: "providers-know-no-database",
      comment: "A provider speaks one protocol and returns values; the job decides what is stored, and how.",
      severity: "error",
      from: { path: "^shared/providers/" },
      to: { path: "^shared/(data|azure|runner|operations)/|^node_modules/(postgres|drizzle-orm)/" },
    },
    {
      name: "telemetry-is-optional",
      comment: "Telemetry listens to the app's diagnostics channels; the floors that it observes do not know it.",
      severity: "error",
      from: { path: "^shared/(jobs|runner|operations|data|providers|messaging|notifications|realtime)/" },
      to: { path: "^shared/telemetry/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^packages/[^/]+/dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      extensions: [".ts", ".js", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node"],
    },
  },
};
