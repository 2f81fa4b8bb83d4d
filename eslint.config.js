import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["**/dist/", ".rota/", "coverage/", "shared/data/migrations/"] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["eslint.config.js"] } } },
    rules: {
      // `${number}` is how durations and ports are written.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // A leading underscore says "required by the shape, unused here".
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // With noUncheckedIndexedAccess, `!` is how an invariant is said that the types cannot know: the first row of an insert that
      // returns one, the group of a pattern that has matched.
      "@typescript-eslint/no-non-null-assertion": "off",
      // Work that has nothing to report returns nothing: `Promise<RunResult | void>`.
      "@typescript-eslint/no-invalid-void-type": "off",
      // `void promise` says that nobody waits, also where the promise is typed as nothing.
      "@typescript-eslint/no-meaningless-void-operator": "off",
      // An interface is often async because another implementation has to wait.
      "@typescript-eslint/require-await": "off",
      "no-restricted-properties": [
        "error",
        {
          object: "process",
          property: "env",
          message: "Only shared/config.ts reads the environment: pass a setting in.",
        },
      ],
    },
  },
  {
    // The launchers decide what environment the app gets; tests and benchmarks set one up.
    files: ["shared/config.ts", "local/**", "scripts/**", "tests/**", "packages/*/tests/**", "bench/**", "*.config.ts"],
    rules: { "no-restricted-properties": "off" },
  },
  {
    // A test names the shape of the answer that it looks at, and takes `close` off the process that it started.
    files: ["tests/**", "packages/*/tests/**"],
    rules: { "@typescript-eslint/no-unnecessary-type-parameters": "off", "@typescript-eslint/unbound-method": "off" },
  },
  {
    files: ["**/*.js", "**/*.mjs"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: { console: "readonly", performance: "readonly", process: "readonly", globalThis: "readonly" },
    },
  },
);
