/** Starts blob storage on the directory given, says so, and stays until killed. */
import { startBlobStorage } from "#local/blob/start.ts";

const storage = await startBlobStorage({ dataDirectory: process.argv[2] ?? "" });
console.log(JSON.stringify({ connectionString: storage.connectionString, port: storage.port, pid: storage.pid }));
