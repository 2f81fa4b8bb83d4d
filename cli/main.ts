import { enableCompileCache } from "node:module";

// Before anything else is loaded: most of a short command's time would go into reading TypeScript.
enableCompileCache();
const { main } = await import("./program.ts");
process.exitCode = await main(process.argv.slice(2));
