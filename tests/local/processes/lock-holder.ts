/** Locks the given directory until killed. */
import { lockDirectory } from "#local/processes/lock-directory.ts";

await lockDirectory(process.argv[2] ?? "", { what: "The oven" });
console.log("held");
setInterval(() => undefined, 60_000);
