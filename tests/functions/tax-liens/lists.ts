import { startStandIn, type StandIn } from "../../../local/providers/stand-in.ts";
import type { Db } from "../../../shared/data/client.ts";
import { saveCounty } from "../../../shared/data/tax-liens/counties.ts";

export interface ListServer extends StandIn<string> {
  /** What it serves, by path. */
  readonly files: Map<string, { type: string; body: string | Buffer }>;
}

/** A county's web server on loopback. */
export async function startListServer(): Promise<ListServer> {
  const files: ListServer["files"] = new Map();
  const standIn = await startStandIn<string>({
    port: 0,
    errorBody: (status) => ({ status, type: "text/plain", body: `error ${status}` }),
    answer: (url) =>
      files.get(url.pathname + url.search) ?? files.get(url.pathname) ?? { status: 404, type: "text/plain", body: "" },
  });
  return { ...standIn, files };
}

/** Configures a county; by default one whose list has a parcel, a certificate and an amount. */
export async function aCounty(db: Db, id: string, source: Record<string, unknown>, rest: Record<string, unknown> = {}) {
  const county = {
    ...{ id, name: id, state: "AZ", active: true, timeZone: "America/Phoenix", ruleSet: "arizona", rules: {} },
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
