/** One-way dependencies of the house. Each rule says why it exists. */
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
      name: "shared-knows-no-functions",
      comment: "shared/ is what jobs stand on: if it knew a job, no job could be added or removed alone.",
      severity: "error",
      from: { path: "^shared/" },
      to: { path: "^functions/" },
    },
    {
      name: "app-knows-no-host",
      comment:
        "functions/ and shared/ run on Azure as they are: nothing in them may know the local stack, tests or tools.",
      severity: "error",
      from: { path: "^(functions|shared)/" },
      to: { path: "^(local|tests|bench|scripts)/" },
    },
    {
      name: "local-imports-no-app-code",
      comment:
        "The local stack loads the app as Azure does, through package.json's main. Only the command line, which is an operator's tool and no part of the stack, may use the app's own modules.",
      severity: "error",
      from: { path: "^local/", pathNot: "^local/cli/" },
      to: { path: "^(functions|shared)/" },
    },
    {
      name: "packages-know-no-app",
      comment: "The emulators are packages of their own, for anyone: nothing in them may know Rota or one another.",
      severity: "error",
      from: { path: "^packages/([^/]+)/" },
      to: { pathNot: "^packages/$1/|node_modules/", dependencyTypesNot: ["core"] },
    },
    {
      name: "app-imports-no-packages",
      comment:
        "functions/ and shared/ use the clients of Azure alone: the emulators are for this machine and for tests.",
      severity: "error",
      from: { path: "^(functions|shared)/" },
      to: { path: "^(node_modules/@rota|packages)/" },
    },
    {
      name: "azure-in-one-place",
      comment:
        "Only shared/azure binds jobs and routes to triggers, so that every other file runs and is tested without a host.",
      severity: "error",
      from: { path: "^(functions|shared)/", pathNot: "^shared/azure/" },
      to: { path: "@azure/functions" },
    },
    {
      name: "jobs-know-no-azure",
      comment: "The job layer decides and records; carrying messages and answering triggers is someone else's work.",
      severity: "error",
      from: { path: "^shared/jobs/" },
      to: { path: "^(shared/(azure|messaging|storage|realtime|notifications|providers|rules)/|node_modules/@azure/)" },
    },
    {
      name: "data-is-the-ground",
      comment: "The data layer stands on the database driver alone; what uses it may change without it.",
      severity: "error",
      from: { path: "^shared/data/" },
      to: { path: "^shared/(?!data/|config\\.ts)" },
    },
    {
      name: "rules-are-pure",
      comment:
        "Business rules are functions of their arguments: no database, no network, no clock, so that they can be tested by the thousand. The calendar and the zones of schedules are just as pure.",
      severity: "error",
      from: { path: "^shared/rules/" },
      to: { path: "^shared/(?!rules/|jobs/schedule/)|^node_modules/(postgres|drizzle-orm|@azure)/" },
    },
    {
      name: "providers-know-no-database",
      comment: "A provider speaks one protocol and returns values; what is stored, and how, is the job's decision.",
      severity: "error",
      from: { path: "^shared/providers/" },
      to: { path: "^shared/(data|azure)/|^node_modules/(postgres|drizzle-orm)/" },
    },
    {
      name: "only-config-reads-settings",
      comment:
        "Jobs get their settings as values: config.ts stands under everything and imports nothing of the app but the pure duration and schedule readers.",
      severity: "error",
      from: { path: "^shared/config\\.ts$" },
      to: { path: "^(functions|shared)/", pathNot: "^shared/(jobs/(duration|schedule/)|settings/)" },
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
