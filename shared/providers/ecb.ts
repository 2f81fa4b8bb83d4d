import { addDays, type CivilDate, weekdayOnOrAfter, weekdayOnOrBefore } from "#rules/civil-date.ts";
import { daysOfHistory } from "./ecb/history-csv.ts";
import { daysOfXml } from "./ecb/rates-xml.ts";
import { type AnswerSource, checkRange, type FxOptions, type FxProvider, type RatesOfDay } from "./fx-provider.ts";
import { outbound, type OutboundOptions } from "./outbound.ts";
import { ProviderError } from "./provider-error.ts";
import { isZip, unzip, ZipError } from "./zip-entry.ts";

const ECB_BASE_URL = "https://www.ecb.europa.eu/stats/eurofxref/";

export interface EcbOptions extends Pick<OutboundOptions, "timeoutMs" | "stallMs" | "resolve" | "policy"> {
  readonly baseUrl?: string;
  /** Path of the full history below the base URL: a zip or the plain CSV; the content decides. */
  readonly historyFile?: string;
  readonly now?: () => Date;
}

const DAILY = "eurofxref-daily.xml";
const LAST_90_DAYS = "eurofxref-hist-90d.xml";
const FULL_HISTORY = "eurofxref-hist.zip";

const MIB = 1024 * 1024;
const LARGEST_XML = 4 * MIB;
const LARGEST_ARCHIVE = 16 * MIB;
const LARGEST_HISTORY = 64 * MIB;

/**
 * The euro reference rates of the European Central Bank, published on working days at about 16:00 Central European
 * time. No key. Requests the smallest of its three files that covers the start.
 */
export function ecb({
  baseUrl = ECB_BASE_URL,
  historyFile = FULL_HISTORY,
  now = () => new Date(),
  ...limits
}: EcbOptions = {}): FxProvider {
  const name = "ecb";
  const client = outbound({ provider: name, baseUrl, timeoutMs: 120_000, ...limits });

  return {
    name,

    async latest(options = {}) {
      const [newest] = await xml(DAILY, options);
      return newest;
    },

    async *since(start, end, options = {}) {
      checkRange(name, start, end);
      const file = smallestFileFor(start, today(now()));
      if (file !== FULL_HISTORY) {
        const days = await xml(file, options);
        if (reachesBackTo(start, days)) {
          yield* days.filter(({ date }) => start <= date && date <= end);
          return;
        }
      }
      yield* history(start, end, options);
    },
  };

  async function xml(file: string, { signal }: FxOptions) {
    const response = await client.get(file, { accept: "application/xml", maxBytes: LARGEST_XML, signal });
    return daysOfXml(await response.text(), { provider: name, url: response.url });
  }

  async function* history(start: CivilDate, end: CivilDate, { signal }: FxOptions): AsyncGenerator<RatesOfDay> {
    const response = await client.get(historyFile, {
      accept: "application/zip, text/csv",
      maxBytes: LARGEST_HISTORY,
      signal,
    });
    const source = { provider: name, url: response.url };
    yield* daysOfHistory(csvOf(response.body, source), { start, end, source });
  }
}

/** The smallest file that certainly has every day from the start until today. Pure. */
export function smallestFileFor(start: CivilDate, today: CivilDate): string {
  // The daily file has the newest working day, which is the last weekday or earlier.
  if (start >= weekdayOnOrBefore(today)) return DAILY;
  return start >= addDays(today, -85) ? LAST_90_DAYS : FULL_HISTORY;
}

/** Whether no working day is between the start and the oldest day of a file: a wrong clock must not lose days. */
function reachesBackTo(start: CivilDate, days: readonly RatesOfDay[]): boolean {
  const oldest = days.at(-1)?.date;
  return oldest !== undefined && oldest <= weekdayOnOrAfter(start);
}

function today(now: Date): CivilDate {
  return now.toISOString().slice(0, 10);
}

async function* csvOf(body: AsyncIterable<Buffer>, source: AnswerSource): AsyncGenerator<Buffer> {
  const chunks = body[Symbol.asyncIterator]();
  const beginning = await atLeast(4, chunks);
  const all = resumed(beginning, chunks);
  if (!isZip(beginning)) {
    yield* all;
    return;
  }
  try {
    yield* unzip(await archiveOf(all), "eurofxref-hist.csv", LARGEST_HISTORY);
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    const sentence = `the history file of ${source.provider} cannot be unpacked: ${error.message} (${source.url})`;
    throw new ProviderError(sentence, { ...source, errorClass: error.errorClass, cause: error });
  }
}

async function archiveOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > LARGEST_ARCHIVE)
      throw new ZipError(`it has more than the ${LARGEST_ARCHIVE} bytes allowed`, "validation");
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

async function atLeast(bytes: number, chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let read = Buffer.alloc(0);
  while (read.length < bytes) {
    const next = await chunks.next();
    if (next.done) break;
    read = Buffer.concat([read, next.value]);
  }
  return read;
}

async function* resumed(beginning: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield beginning;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
