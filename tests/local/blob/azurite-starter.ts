/** Starts Azurite on the given directory, prints its address, and runs until killed. */
import { startAzurite } from "#local/blob/start-azurite.ts";

const storage = await startAzurite({ dataDirectory: process.argv[2] ?? "" });
console.log(JSON.stringify({ connectionString: storage.connectionString, port: storage.port, pid: storage.pid }));
