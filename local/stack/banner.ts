/** A job as `GET api/admin/jobs` shows it, as far as the table goes. */
export interface JobLine {
  readonly id: string;
  readonly family: string;
  readonly schedule: { readonly inWords: string } | null;
  readonly next: readonly string[];
  readonly enabled: boolean;
}

const paint = (code: number, text: string) =>
  process.stdout.isTTY && !process.env.NO_COLOR ? `\u001b[${code}m${text}\u001b[0m` : text;

/** Where to go, and what runs when. */
export function banner({
  url,
  key,
  providerControl,
  jobs,
  now,
}: {
  url: string;
  key: string;
  providerControl: string | null;
  jobs: readonly JobLine[];
  now: Date;
}): string {
  return [
    "",
    `  ${paint(1, "Rota")} is running at ${paint(36, url)}`,
    `  operator key    ${key}`,
    ...(providerControl ? [`  demo providers  ${providerControl}  break them: docs/operate-by-curl.md`] : []),
    "",
    ...jobTable(jobs, now),
    "",
    "  Try, in another terminal:",
    `    npm run rota -- run sync_fx_historical '{"startDate":"1999-01-04"}' --wait`,
    "    npm run rota -- runs",
    `    curl -H 'x-functions-key: ${key}' '${url}/api/v1/exchange-rates?base=USD&quote=GBP'`,
    "",
    "  Ctrl-C stops it; what was stored stays.",
    "",
  ].join("\n");
}

function jobTable(jobs: readonly JobLine[], now: Date): string[] {
  const rows = jobs.map(({ id, family, schedule, next, enabled }) => [
    family,
    id,
    schedule?.inWords ?? "when asked for",
    enabled && next[0] ? `in ${distance(Date.parse(next[0]) - now.getTime())}` : enabled ? "" : "switched off",
  ]);
  const all = [["family", "job", "runs", "next"], ...rows];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...all.map((row) => row[i]!.length)));
  return all.map((row, line) => {
    const text = `  ${row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("   ")
      .trimEnd()}`;
    return line === 0 ? paint(90, text) : text;
  });
}

function distance(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 1) return `${Math.max(0, Math.round(ms / 1_000))} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 2_880) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.round(minutes / 1_440)} days`;
}
