// Emulates `@azure/functions-core`, so that functions are really registered; the same for every compared app.
import { registerHooks } from "node:module";

globalThis.rotaBenchRegistered = 0;
globalThis.rotaBenchCore = {
  version: "4.0.0",
  hostVersion: "4.0.0",
  Disposable: Object,
  setProgrammingModel() {},
  getProgrammingModel() {},
  registerFunction() {
    globalThis.rotaBenchRegistered += 1;
    return { dispose() {} };
  },
  registerHook: () => ({ dispose() {} }),
  log() {},
};
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "@azure/functions-core"
      ? { url: "rota-bench:core", format: "commonjs", shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) =>
    url === "rota-bench:core"
      ? { format: "commonjs", source: "module.exports = globalThis.rotaBenchCore", shortCircuit: true }
      : next(url, context),
});
