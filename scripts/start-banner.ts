import type { Output } from "#cli/output.ts";
import { wrap } from "#cli/text-table.ts";

/** The fields of a job of `GET api/admin/jobs` that the table shows. */
export interface JobLine {
  readonly id: string;
  readonly family: string;
  readonly schedule: { readonly inWords: string } | null;
  readonly next: readonly string[];
  readonly enabled: boolean;
}

type Screen = Pick<Output, "width" | "paint">;

/** The start screen: the address, the key, and when each job runs. */
export function banner({
  url,
  key,
  providerControl,
  jobs,
  now,
  width,
  paint,
}: {
  url: string;
  key: string;
  providerControl: string | null;
  jobs: readonly JobLine[];
  now: Date;
} & Screen): string {
  return [
    "",
    `  ${paint("bold", "Rota")} is running at ${paint("cyan", url)}`,
    `  API page        ${paint("cyan", `${url}/api/docs`)}`,
    `  operator key    ${key}`,
    ...(providerControl ? [`  demo providers  ${providerControl}  inject faults: docs/operate-by-curl.md`] : []),
    "",
    ...jobTable(jobs, { now, width, paint }),
    "",
    "  Try, in another terminal:",
    `    npm run rota -- run sync_fx_historical '{"startDate":"1999-01-04"}' --wait`,
    "    npm run rota -- runs",
    `    curl -H 'x-functions-key: ${key}' \\`,
    `      '${url}/api/v1/exchange-rates?base=USD&quote=GBP'`,
    "",
    "  Ctrl-C stops it; stored data is kept.",
    "",
  ].join("\n");
}

/** Grouped by family, in lines of at most 80 characters or the terminal's width. */
function jobTable(jobs: readonly JobLine[], { now, width, paint }: { now: Date } & Screen): string[] {
  const cells = (job: JobLine) => [job.id, nextOf(job, now), job.schedule?.inWords ?? "on demand"] as const;
  const widest = (column: 0 | 1) => Math.max(4, ...jobs.map((job) => cells(job)[column].length));
  const [ofIds, ofNext] = [widest(0), widest(1)];
  const room = Math.max(10, Math.min(80, width) - (4 + ofIds + 2 + ofNext + 2));
  const row = (id: string, next: string, words: string) =>
    wrap(words, room).map(
      (part, i) => `    ${(i ? "" : id).padEnd(ofIds)}  ${(i ? "" : next).padEnd(ofNext)}  ${part}`,
    );
  return [
    ...row("job", "next", "runs").map((line) => paint("dim", line)),
    ...[...Map.groupBy(jobs, ({ family }) => family)].flatMap(([family, ofFamily]) => [
      `  ${paint("bold", family)}`,
      ...ofFamily.flatMap((job) => row(...cells(job))),
    ]),
  ];
}

function nextOf({ schedule, next: [next], enabled }: JobLine, now: Date): string {
  if (!enabled) return "off";
  return schedule && next ? distance(Date.parse(next) - now.getTime()) : "";
}

/** Rounded to the largest unit: `26 min`, `14 h`, `9 d`. */
function distance(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 1) return `${Math.max(0, Math.round(ms / 1_000))} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}
