import postgres from "postgres";
import { peakMiB } from "../support/process-cost.ts";
import { sampleSeries } from "./sample-series.ts";

/** `statement`: one insert of whole columns an ETF, and nothing else. `rows`: one insert a day, in a transaction an ETF. */
const [url, days, way, most] = process.argv.slice(2) as [string, string, "statement" | "rows", string];
const sql = postgres(url, { max: 1, onnotice: () => undefined });
await sql`update portfolio.etfs set currency = 'USD', series = 'raw', state = 'ready'`;
const etfs = await sql<{ id: string }[]>`select id from portfolio.etfs order by id limit ${most}`;
let statements = 0;

const start = performance.now();
for (const { id } of etfs) {
  const { points } = sampleSeries(Number(id), Number(days));
  if (way === "statement") {
    const column = (name: keyof (typeof points)[number]) => `{${points.map((point) => point[name]).join(",")}}`;
    await sql`
      insert into portfolio.etf_prices (etf_id, date, open, high, low, close, adjusted_close, volume, source, series)
      select ${id}::bigint, point.*, 'yahoo', 'raw' from unnest(
        ${column("date")}::text::date[], ${column("open")}::text::numeric[], ${column("high")}::text::numeric[],
        ${column("low")}::text::numeric[], ${column("close")}::text::numeric[],
        ${column("adjustedClose")}::text::numeric[], ${column("volume")}::text::numeric[]) as point
      on conflict do nothing`;
    statements += 1;
  } else {
    await sql.begin(async (tx) => {
      for (const { date, open, high, low, close, adjustedClose, volume } of points) {
        await tx`
          insert into portfolio.etf_prices (etf_id, date, open, high, low, close, adjusted_close, volume, source, series)
          values (${id}, ${date}, ${open}, ${high}, ${low}, ${close}, ${adjustedClose}, ${volume}, 'yahoo', 'raw')
          on conflict do nothing`;
      }
    });
    statements += points.length + 2;
  }
}
const ms = performance.now() - start;
await sql.end();
console.log(JSON.stringify({ etfs: etfs.length, ms, statements, peakMiB: peakMiB() }));
