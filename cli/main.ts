import { enableCompileCache } from "node:module";

// Before any other import: compiling TypeScript takes most of the time of a short command.
enableCompileCache();
const { main } = await import("./program.ts");
process.exitCode = await main(process.argv.slice(2));
