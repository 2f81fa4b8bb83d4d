import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { Db } from "#data/client.ts";
import { saveCounty } from "#data/tax-liens/counties.ts";
import { type FakeServer, startFakeServer } from "#local/providers/fake-server.ts";

export interface ListServer extends FakeServer<string> {
  /** The files that it serves, by path. */
  readonly files: Map<string, { type: string; body: string | Buffer; status?: number }>;
  /** The paths of all requests. */
  readonly headers: IncomingHttpHeaders[];
}

/** The fake server of a county, on loopback. */
export async function startListServer(): Promise<ListServer> {
  const files: ListServer["files"] = new Map();
  const headers: IncomingHttpHeaders[] = [];
  const server = await startFakeServer<string>({
    port: 0,
    errorBody: (status) => ({ status, type: "text/plain", body: `error ${status}` }),
    answer(url, _, request) {
      headers.push(request.headers);
      const file = files.get(url.pathname + url.search) ?? files.get(url.pathname);
      return file ?? { status: 404, type: "text/plain", body: "" };
    },
  });
  return { ...server, files, headers };
}

/** A fake server whose file has this beginning, and then repeats a piece as long as the client reads. */
export async function startEndlessServer(beginning: string, piece: string) {
  const chunk = piece.repeat(Math.ceil(65_536 / piece.length));
  let sent = 0;
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/csv" }).write(beginning);
    const more = () => {
      if (response.destroyed) return;
      sent += chunk.length;
      response.write(chunk, more);
    };
    more();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/liens`,
    /** The bytes that it has sent. */
    sent: () => sent,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Configures a county; by default one whose list has a parcel, a certificate and an amount. */
export async function aCounty(db: Db, id: string, source: Record<string, unknown>, rest: Record<string, unknown> = {}) {
  const county = {
    id,
    name: id,
    state: "AZ",
    active: true,
    timeZone: "America/Phoenix",
    ruleSet: "arizona",
    rules: {},
    ...rest,
    source: {
      kind: "csv",
      fields: { parcelId: "Parcel", certificateNumber: "Certificate", faceAmount: "Amount" },
      constants: { taxYear: "2025" },
      ...source,
    },
  };
  await db.transaction((tx) => saveCounty(tx, county, new Date("2026-01-01T00:00:00Z")));
}
