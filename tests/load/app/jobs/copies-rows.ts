import { Readable } from "node:stream";
import { sql } from "drizzle-orm";
import { z } from "zod";
import { copyIn } from "#data/copy-in.ts";
import { defineJob, manual } from "#jobs";
import { common } from "./effect.ts";

const LINES_PER_CHUNK = 1_000;

/** The tables have no keys, so that a second execution shows as more rows. */
export const copiesRows = defineJob({
  ...common,
  id: "copies_rows",
  summary: "Stages rows by COPY, and moves them in the transaction that ends the run",
  on: manual,
  input: z.strictObject({ lines: z.int().positive() }),
  concurrency: () => null,
  async run({ db, input, run, finish }) {
    const rows = Readable.from(chunks(input.lines, `${run.id}\t${run.attempt}`));
    await db.$client.begin((tx) => copyIn(tx, "load.staged (run_id, attempt, line)", [rows]));
    return finish(async (tx) => {
      await tx.execute(sql`
        insert into load.copied (run_id, line)
        select run_id, line from load.staged where run_id = ${run.id} and attempt = ${run.attempt}`);
    });
  },
});

function* chunks(lines: number, prefix: string): Generator<string> {
  for (let from = 0; from < lines; from += LINES_PER_CHUNK) {
    let text = "";
    for (let n = from; n < Math.min(from + LINES_PER_CHUNK, lines); n++) text += `${prefix}\t${n}\n`;
    yield text;
  }
}
