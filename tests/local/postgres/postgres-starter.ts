/** Starts PostgreSQL on the given directory, prints its address, and runs until killed; with "write" it writes rows. */
import postgres from "postgres";
import { startPostgres } from "#local/postgres/start-postgres.ts";

const [dataDirectory = "", mode] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);
process.on("SIGINT", () => undefined);

try {
  const { url, port, pid } = await startPostgres({ dataDirectory, log: say });
  say(JSON.stringify({ url, port, pid }));
  setInterval(() => undefined, 60_000);
  if (mode === "write") await write(url);
} catch (error) {
  say(`refused: ${(error as Error).message}`);
}

/** Each printed line is a row whose commit the server acknowledged. */
async function write(url: string): Promise<void> {
  const sql = postgres(url, { max: 8, onnotice: () => undefined });
  await sql`CREATE TABLE IF NOT EXISTS written (id uuid PRIMARY KEY)`;
  const writer = async () => {
    for (;;) {
      const id = crypto.randomUUID();
      await sql`INSERT INTO written VALUES (${id})`;
      say(id);
    }
  };
  await Promise.all(Array.from({ length: 8 }, writer)).catch(() => undefined);
}
