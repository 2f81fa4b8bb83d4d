import { countySourceSchema } from "#providers/county-lists/county-source.ts";
import { type ListFindings, openCountyList } from "#providers/county-lists/open-county-list.ts";
import type { ParsedLien } from "#rules/tax-liens/lien-fields.ts";
import { listRulesOf, type RuleOverrides } from "#rules/tax-liens/list-rules.ts";
import { findingText } from "#rules/tax-liens/row-finding.ts";
import { startListServer } from "../../../functions/tax-liens/fake-county-lists.ts";

export interface ReadList extends ListFindings {
  readonly liens: readonly ParsedLien[];
  /** The faults of each refused row. */
  readonly refused: readonly (readonly string[])[];
  readonly doubt: string | null;
  readonly unread: readonly string[];
}

export interface ListReading {
  /** The name of the file. */
  readonly file?: string;
  /** Files by path besides the one that is read. */
  readonly files?: Readonly<Record<string, string>>;
  readonly ruleSet?: string;
  readonly rules?: RuleOverrides;
}

const TYPES: Readonly<Record<string, string>> = { csv: "text/csv", json: "application/json", html: "text/html" };

/** Reads a list from a server on this machine in 2026 by its configuration, as an ingestion does. */
export async function readCountyList(
  source: Record<string, unknown>,
  body: string | Buffer,
  { file = "list", files = {}, ruleSet = "other", rules = {} }: ListReading = {},
): Promise<ReadList> {
  const server = await startListServer();
  try {
    const path = `/${file}`;
    const given = { kind: "csv", url: server.origin + path, ...source };
    const type = TYPES[given.kind]!;
    for (const [where, text] of Object.entries(files)) server.files.set(where, { type, body: text });
    server.files.set(path, { type, body });
    const parsed = countySourceSchema.parse(given);
    return await readAll({ id: "sample", source: parsed, rules: listRulesOf(ruleSet, rules) });
  } finally {
    await server.close();
  }
}

async function readAll(county: Parameters<typeof openCountyList>[0]): Promise<ReadList> {
  const settings = {
    COUNTY_LISTS_LOOPBACK: true,
    AzureWebJobsStorage: undefined,
    AzureWebJobsStorage__accountName: undefined,
    AzureWebJobsStorage__clientId: undefined,
    SOCRATA_APP_TOKENS: undefined,
  };
  const list = openCountyList(county, settings, 2026);
  const [liens, refused]: [ParsedLien[], string[][]] = [[], []];
  try {
    for await (const rows of list.rows(new AbortController().signal)) {
      for (const { reading } of rows) {
        if (reading?.lien) liens.push(reading.lien);
        if (reading?.faults) refused.push(reading.faults.map(findingText));
      }
    }
    return { ...list.findings(), liens, refused, doubt: list.doubt(), unread: list.unread() };
  } finally {
    list.close();
  }
}
