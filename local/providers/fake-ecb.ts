import { readFile } from "node:fs/promises";
import { ecbHistoryCsv, ecbXml } from "./ecb-format.ts";
import { type FakeServer, startFakeServer } from "./fake-server.ts";
import type { Answer, Fault } from "./fault-injection.ts";
import { lastPublishedDate, SAMPLE_CURRENCIES, type SampleDay, sampleDays } from "./sample-rates.ts";
import { bomb, encrypted, truncatedArchive, zipped } from "./zip.ts";

/**
 * Content faults. `unknown-column`: an unknown currency. `shifted-rate`: in XML, the newest rate of USD times 100.
 * `missing-date-column`, `bad-date`, `bad-rate`, `duplicate-date`, `out-of-order`: in the history CSV. `zip-bomb`: an
 * archive that declares a size of 128 MiB. `lying-zip-bomb`: one that declares less. `wrong-entry`, `encrypted`,
 * `not-a-zip`, `truncated-zip`: of the archive.
 */
export type EcbFault =
  | "unknown-column"
  | "shifted-rate"
  | "missing-date-column"
  | "bad-date"
  | "bad-rate"
  | "duplicate-date"
  | "out-of-order"
  | "zip-bomb"
  | "lying-zip-bomb"
  | "wrong-entry"
  | "encrypted"
  | "not-a-zip"
  | "truncated-zip";

export interface FakeEcb extends FakeServer<EcbFault> {
  /** What the ECB client takes as its base URL. */
  readonly baseUrl: string;
}

const FOLDER = "/stats/eurofxref/";

/**
 * A fake server of the ECB's reference rates with its files in their true format: daily and 90-day XML, full history as
 * CSV and zip. It serves SAMPLE rates (invented, the same on every machine) up to the day that is published at `asOf`,
 * or the rates of the CSV file `history`.
 */
export async function startFakeEcb({
  port = 0,
  asOf = () => new Date(),
  history,
}: { port?: number; asOf?: () => Date; history?: string } = {}): Promise<FakeEcb> {
  const historyCsv = history === undefined ? undefined : await readFile(history, "utf8");
  const publish = memoized((lastDate: string) => publication(lastDate, historyCsv));

  const server = await startFakeServer<EcbFault>({
    port,
    errorBody: (status) => ({ type: "text/html", body: `<html><body><h1>${status}</h1></body></html>` }),
    answer: async (url, fault) => {
      const published = publish(lastPublishedDate(asOf()));
      switch (url.pathname) {
        case `${FOLDER}eurofxref-daily.xml`:
          return xml(published.days.slice(-1), fault);
        case `${FOLDER}eurofxref-hist-90d.xml`:
          return xml(published.days.slice(-64), fault);
        case `${FOLDER}eurofxref-hist.csv`:
          return { type: "text/csv", body: withFault(published.csv, fault) };
        case `${FOLDER}eurofxref-hist.zip`:
          return { type: "application/zip", body: await archive(published.csv, fault) };
        default:
          return { status: 404, type: "text/html", body: "<html><body><h1>404</h1></body></html>" };
      }
    },
  });
  return { ...server, baseUrl: `${server.origin}${FOLDER}` };

  function xml(days: readonly SampleDay[], fault: Fault<EcbFault> | undefined): Answer {
    const shown = fault?.kind === "shifted-rate" ? withShiftedRate(days) : days;
    const text = ecbXml(SAMPLE_CURRENCIES, [...shown].reverse());
    return { type: "text/xml", body: fault?.kind === "unknown-column" ? text.replace("'USD'", "'ZZZ'") : text };
  }
}

function withShiftedRate(days: readonly SampleDay[]): SampleDay[] {
  const at = SAMPLE_CURRENCIES.indexOf("USD");
  return days.map((day) => {
    if (day !== days.at(-1)) return day;
    return { ...day, rates: day.rates.map((rate, index) => (index === at ? String(Number(rate) * 100) : rate)) };
  });
}

interface Publication {
  readonly days: readonly SampleDay[];
  readonly csv: string;
}

function publication(lastDate: string, historyCsv: string | undefined): Publication {
  const days = historyCsv === undefined ? sampleDays(lastDate) : daysIn(historyCsv);
  let csv = historyCsv;
  return {
    days,
    // Created on the first request: most requests ask only for the newest rates.
    get csv() {
      return (csv ??= ecbHistoryCsv(SAMPLE_CURRENCIES, [...days].reverse()));
    },
  };
}

/** The days of the given history, oldest first, with the columns of the samples. */
function daysIn(csv: string): SampleDay[] {
  const [header = "", ...lines] = csv.trimEnd().split("\n");
  const columns = header.split(",");
  const days = lines.map((line) => {
    const cells = line.split(",");
    const rates = SAMPLE_CURRENCIES.map((quote) => cells[columns.indexOf(quote)]).map((cell) =>
      cell === "N/A" ? undefined : cell,
    );
    return { date: cells[0] ?? "", rates };
  });
  return days.reverse();
}

function withFault(csv: string, fault: Fault<EcbFault> | undefined): string {
  const swap = (line: number, edit: (text: string) => string) =>
    csv
      .split("\n")
      .map((text, index) => (index === line ? edit(text) : text))
      .join("\n");
  const [, newest = ""] = csv.split("\n", 2);
  switch (fault?.kind) {
    case "unknown-column":
      return swap(0, (header) => header.replace("USD", "ZZZ"));
    case "missing-date-column":
      return swap(0, (header) => header.replace("Date,", ""));
    case "bad-date":
      return swap(3, (line) => line.replace(/^[^,]*/, "2025-02-30"));
    case "bad-rate":
      return swap(3, (line) => line.replace(/^([^,]*),[^,]*/, "$1,1.1e2"));
    case "duplicate-date":
      return swap(2, (line) => line.replace(/^[^,]*/, newest.slice(0, 10)));
    case "out-of-order":
      return swap(4, (line) => line.replace(/^[^,]*/, newest.slice(0, 10)));
    default:
      return csv;
  }
}

async function archive(csv: string, fault: Fault<EcbFault> | undefined): Promise<Buffer> {
  const name = "eurofxref-hist.csv";
  switch (fault?.kind) {
    case "zip-bomb":
      return bomb(name, "honest");
    case "lying-zip-bomb":
      return bomb(name, "lying");
    case "wrong-entry":
      return zipped("readme.txt", csv);
    case "encrypted":
      return encrypted(await zipped(name, csv));
    case "not-a-zip":
      return Buffer.from("The file that you asked for has moved.\n");
    case "truncated-zip":
      return truncatedArchive(0.5, await zipped(name, csv));
    default:
      return zipped(name, withFault(csv, fault));
  }
}

/** Caches the last result: a day's publication is the same all day and slow to create. */
function memoized<T>(make: (key: string) => T): (key: string) => T {
  let last: { key: string; made: T } | undefined;
  return (key) => {
    if (last?.key !== key) last = { key, made: make(key) };
    return last.made;
  };
}
