import js from "@eslint/js";
import importSort from "eslint-plugin-simple-import-sort";
import tseslint from "typescript-eslint";
import { commentWidth } from "./scripts/lint/comment-width.ts";
import { literalPatterns } from "./scripts/lint/literal-patterns.ts";
import { plainWords } from "./scripts/lint/plain-words.ts";

/** Where a job's code may not reach: it imports what the layer gives from `#jobs`. */
const LAYER_INTERNALS = ["#jobs/*", "#runner/*", "#schedule/*", "#operations/*", "#azure/*", "#app"];

/** zod has a method of this name, for a schema. */
const PIPED_STREAM = {
  selector: "CallExpression[callee.property.name='pipe'][arguments.0.callee.object.name!='z']",
  message: "An error of one stream leaves the others of a pipe open: use pipeline, which ends all and reports it.",
};
/** Drizzle's `sql` runs on any connection of the pool, which later statements of others share. */
const SESSION_STATEMENT = {
  selector:
    "TaggedTemplateExpression[tag.name='sql'] TemplateElement[value.raw=/^\\s*(copy|listen|declare|set (session|\\w+ to)) |pg_(try_)?advisory_(un)?lock/i]",
  message:
    "Use a transaction (copyIn, `set local`, pg_advisory_xact_lock) or connectAlone: the pool shares its sessions.",
};
const SPREAD_LITERAL = {
  selector: "ObjectExpression > SpreadElement > ObjectExpression",
  message: "Write the properties into the literal itself.",
};
const PATH_OF_A_URL = {
  selector:
    "MemberExpression[property.name='pathname'][object.type='NewExpression'][object.arguments.1.property.name='url']",
  message: "A URL encodes some characters of a path, and Windows paths have a drive: use import.meta.dirname.",
};
const IMPORT_OF_A_PATH = {
  selector: "ImportExpression > CallExpression[callee.name=/^(join|resolve)$/]",
  message: "A path with %, # or ?, or with a drive, leads to another URL: use pathToFileURL.",
};
const ID_OF_THE_PROCESS_CLOCK = {
  selector: "CallExpression[callee.name='uuidv7'][arguments.length=0]",
  message: "It takes the clock of the process, which may be wrong: use rowId with the time of the app's clock.",
};
const EVERYWHERE = [SPREAD_LITERAL, PIPED_STREAM, PATH_OF_A_URL, IMPORT_OF_A_PATH];
/** The test files of a worker share support modules, which are evaluated once. */
const HOOK_OF_A_MODULE = {
  selector: "Program > ExpressionStatement > CallExpression[callee.name=/^(before|after)(Each|All)$/]",
  message: "Only the first test file of a worker gets this hook: use atEndOfFile (tests/support/end-of-file.ts).",
};

export default tseslint.config(
  { ignores: ["**/dist/", ".rota/", "coverage/", "shared/data/migrations/"] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    plugins: {
      imports: importSort,
      house: {
        rules: { "comment-width": commentWidth, "literal-patterns": literalPatterns, "plain-words": plainWords },
      },
    },
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["eslint.config.js"] } } },
    rules: {
      "house/plain-words": "error",
      "house/comment-width": "error",
      "imports/imports": ["error", { groups: [["^\\u0000", "^node:", "^@?\\w", "^#", "^\\."]] }],
      "imports/exports": "error",
      "no-restricted-syntax": ["error", ...EVERYWHERE],
      // `${number}` is how durations and ports are written.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // A leading underscore marks a parameter that the signature requires and the body does not use.
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // With noUncheckedIndexedAccess, `!` states an invariant that the types cannot express: the row of an insert,
      // the group of a pattern that matched.
      "@typescript-eslint/no-non-null-assertion": "off",
      // Work that has nothing to report returns nothing: `Promise<RunResult | void>`.
      "@typescript-eslint/no-invalid-void-type": "off",
      // `void promise` marks a promise that is not awaited, also where its type is void.
      "@typescript-eslint/no-meaningless-void-operator": "off",
      // An interface is often async because another implementation waits.
      "@typescript-eslint/require-await": "off",
      "no-restricted-properties": [
        "error",
        {
          object: "process",
          property: "env",
          message: "Only shared/settings/environment.ts reads the environment: pass a setting in.",
        },
      ],
    },
  },
  {
    // The launchers set up the app's environment; tests and benchmarks set up their own.
    files: [
      "shared/settings/environment.ts",
      "local/**",
      "cli/**",
      "packages/**",
      "scripts/**",
      "tests/**",
      "bench/**",
      "*.config.ts",
    ],
    rules: { "no-restricted-properties": "off" },
  },
  {
    files: ["functions/**", "shared/**", "cli/**"],
    rules: { "no-restricted-syntax": ["error", ...EVERYWHERE, SESSION_STATEMENT, ID_OF_THE_PROCESS_CLOCK] },
  },
  {
    // A pattern that a person writes goes through #text/linear-pattern.ts; secret-patterns.ts composes constants.
    files: ["functions/**", "shared/**"],
    ignores: ["shared/redaction/secret-patterns.ts"],

    rules: { "house/literal-patterns": "error" },
  },
  {
    files: ["functions/{platform,portfolio,tasks,tax-liens}/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: LAYER_INTERNALS, message: "A job imports what the layer gives from #jobs." }] },
      ],
    },
  },
  {
    files: ["local/**"],
    ignores: ["local/processes/write-file.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          name: "node:fs/promises",
          importNames: ["writeFile"],
          message: "An error of a full disk names no file: use local/processes/write-file.ts.",
        },
      ],
    },
  },
  {
    // A test names the shape of the answer that it reads, and takes `close` off the process that it started.
    files: ["tests/**", "packages/*/tests/**"],
    rules: { "@typescript-eslint/no-unnecessary-type-parameters": "off", "@typescript-eslint/unbound-method": "off" },
  },
  {
    files: ["tests/**", "packages/*/tests/**"],
    ignores: ["**/*.test.ts"],
    rules: { "no-restricted-syntax": ["error", ...EVERYWHERE, HOOK_OF_A_MODULE] },
  },
  {
    // These tests quote what the rule refuses.
    files: ["tests/scripts/lint/**"],
    rules: { "house/plain-words": "off" },
  },
  {
    files: ["**/*.js", "**/*.mjs"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: { console: "readonly", performance: "readonly", process: "readonly", globalThis: "readonly" },
    },
  },
);
