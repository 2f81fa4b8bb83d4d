import { type FakeServer, startFakeServer } from "./fake-server.ts";
import type { Answer, Fault } from "./fault-injection.ts";
import { SAMPLE_COLUMNS, sampleLiens } from "./sample-liens.ts";

/** Besides the common faults: a missing column, and a list with a tenth of its rows. */
export type CountyFault = "missing-column" | "shrunk";

export interface FakeCounty extends FakeServer<CountyFault> {
  readonly listUrl: string;
}

const PATH = "/treasurer/tax-certificates.csv";

/**
 * A fake web server of a county that publishes its tax certificates (SAMPLE data) as counties do: a title above the
 * header, windows-1252, CRLF, every cell in quotes, dollar amounts and American dates.
 * @param port 0 takes a free one
 */
export async function startFakeCounty({
  port = 0,
  asOf = () => new Date(),
}: { port?: number; asOf?: () => Date } = {}): Promise<FakeCounty> {
  const server = await startFakeServer<CountyFault>({
    port,
    errorBody: (status) => ({ type: "text/html", body: `<html><body><h1>Server Error ${status}</h1></body></html>` }),
    answer: ({ pathname }, fault) =>
      pathname === PATH ? { type: "text/csv", body: listOf(asOf(), fault) } : { status: 404, ...notFound },
  });
  return { ...server, listUrl: `${server.origin}${PATH}` };
}

const notFound: Answer = { type: "text/html", body: "<html><body><h1>404</h1></body></html>" };

function listOf(asOf: Date, fault: Fault<CountyFault> | undefined): Buffer {
  const columns = fault?.kind === "missing-column" ? SAMPLE_COLUMNS.toSpliced(3, 1) : SAMPLE_COLUMNS;
  const rows = sampleLiens(asOf);
  const listed = fault?.kind === "shrunk" ? rows.slice(0, rows.length / 10) : rows;
  const lines = [
    "Sample County Treasurer - Tax Certificates - SAMPLE DATA",
    ...[columns, ...listed.map((row) => columns.map((column) => row[column]))].map((cells) =>
      cells.map(quoted).join(","),
    ),
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n`, "latin1");
}

function quoted(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`;
}
