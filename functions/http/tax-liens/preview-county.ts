import { z } from "zod";
import { findCounty } from "#data/tax-liens/counties.ts";
import { findUpload, newestUpload } from "#data/tax-liens/uploaded-lists.ts";
import type { App } from "#http/app-services.ts";
import { badRequest, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { gateStateOf, internet } from "#jobs/gates.ts";
import { issuesOf } from "#jobs/input.ts";
import { type CountySource, countySourceSchema } from "#providers/county-lists/county-source.ts";
import { sourceUrlFault } from "#providers/county-lists/open-list.ts";
import { ProviderError } from "#providers/provider-error.ts";
import { countyIdText } from "#rules/tax-liens/county-id.ts";
import { listRulesOf, ruleOverridesSchema } from "#rules/tax-liens/list-rules.ts";
import { isSuspiciouslySmall } from "#rules/tax-liens/list-size-check.ts";
import { RULE_SET_IDS } from "#rules/tax-liens/rule-sets.ts";
import { previewList } from "#services/tax-liens/preview-list.ts";
import { BlobMissing } from "#storage/blob-container.ts";
import { findingCount } from "./finding-count.ts";

const body = z.strictObject({
  source: countySourceSchema.optional().describe("Default: the source of the county"),
  ruleSet: z.enum(RULE_SET_IDS).optional().describe("Default: the rule set of the county"),
  rules: ruleOverridesSchema.optional().describe("Default: the rules of the county"),
  upload: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "expected the SHA-256 of an uploaded list")
    .optional()
    .describe("Reads this uploaded list instead"),
  list: z.string().min(1).optional().describe("Reads this CSV file instead, plain or gzipped, in Base64"),
  rows: z.int().min(0).max(100).default(20).describe("Rows to show"),
});

const counts = z.array(findingCount).describe("By field and kind");
/** Azure passes a body as a whole, so the process holds it in memory. */
const MAX_BYTES = 16 * 1024 * 1024;

export const previewCounty = defineRoute({
  method: "POST",
  path: "api/counties/{id}/preview",
  access: "operator",
  summary: "Read a county's list as an ingestion would, and store nothing: at most 200,000 rows and 25 seconds",
  params: z.strictObject({ id: countyIdText }),
  body,
  maxBodyBytes: MAX_BYTES,
  response: z.object({
    rows: z.array(z.record(z.string(), z.unknown())),
    read: z.number(),
    valid: z.number(),
    unread: z.array(z.string()).describe("Columns of the list that the source does not name"),
    stoppedAfter: z.string().nullable().describe("Null when the whole list was read"),
    doubt: z.string().nullable().describe("Why no lien would be delisted"),
    shrinks: z.boolean().describe("Whether an ingestion would refuse the list as too small"),
    repeated: z.object({ rows: z.number(), lines: z.array(z.number()) }),
    changes: z.object({
      created: z.number(),
      updated: z.number(),
      unchanged: z.number(),
      notListed: z.number().nullable(),
    }),
    faults: counts,
    warnings: counts,
    otherRows: z.number(),
  }),
  async handle({ app, params: { id }, body: given }) {
    const { lastRows, ...county } = await countyOf(app, id, given);
    if (county.file === undefined && county.source.url !== undefined) refuseFetch(county.source.url, app);
    const year = app.clock.now().getUTCFullYear();
    try {
      const preview = await previewList(app.db, county, app.config, {
        year,
        shown: given.rows,
        signal: app.stopping,
        policy: app.callPolicy,
      });
      const shrinks = preview.stoppedAfter === null && isSuspiciouslySmall(preview.valid, lastRows);
      return { json: { ...preview, shrinks } };
    } catch (error) {
      throw asProblem(error);
    }
  },
});

function refuseFetch(url: string, { config }: Pick<App, "config">): void {
  const objection = sourceUrlFault(new URL(url), config);
  if (objection) throw badRequest([{ field: "source.url", reason: objection.replace(/^source\.url: /, "") }]);
  const closed = internet.refusal!(gateStateOf(config));
  if (closed) throw new Problem(409, closed.code, closed.reason);
}

async function countyOf({ db }: App, id: string, given: z.output<typeof body>) {
  const county = await findCounty(db, id);
  const stored = z
    .object({ source: countySourceSchema, rules: ruleOverridesSchema })
    .safeParse(county ?? { rules: {} });
  if (county && !stored.success && !given.source) throw badRequest(issuesOf(stored.error, `the county ${id}`));
  const source = given.source ?? stored.data?.source;
  const ruleSet = given.ruleSet ?? county?.ruleSet;
  if (!source || !ruleSet) {
    const missing = [!source && "source", !ruleSet && "ruleSet"].filter((name) => name !== false);
    throw badRequest(
      missing.map((field) => ({ field, reason: `there is no county ${id} yet: expected its ${field}` })),
    );
  }
  const rules = listRulesOf(ruleSet, given.rules ?? stored.data?.rules ?? {});
  const shared = { id, rules, lastRows: county?.lastRows ?? null };
  if (given.list !== undefined && given.upload !== undefined)
    throw badRequest([{ field: "upload", reason: "expected either upload or list, got both" }]);
  if (given.list !== undefined) return { ...shared, source, file: fileOf(given.list, source) };
  return { ...shared, source: await withUpload({ db }, id, source, given.upload), file: undefined };
}

function fileOf(list: string, { kind }: CountySource): Buffer {
  if (kind !== "csv") throw badRequest([{ field: "list", reason: "expected a source of the kind csv" }]);
  const file = Buffer.from(list, "base64");
  if (file.toString("base64").length === list.length) return file;
  throw badRequest([{ field: "list", reason: "expected a file in Base64" }]);
}

async function withUpload(
  { db }: Pick<App, "db">,
  id: string,
  source: CountySource,
  sha256: string | undefined,
): Promise<CountySource> {
  if (sha256 === undefined && !(source.kind === "csv" && source.upload)) return source;
  if (source.kind !== "csv") throw badRequest([{ field: "upload", reason: "expected a source of the kind csv" }]);
  const list = sha256 === undefined ? await newestUpload(db, id) : await findUpload(db, id, sha256);
  if (list) return { ...source, url: undefined, blob: list.blob };
  throw badRequest([{ field: "upload", reason: `there is no such list of ${id}: POST api/counties/${id}/lists` }]);
}

function asProblem(error: unknown): unknown {
  if (error instanceof BlobMissing) return new Problem(422, "list-unreadable", error.message);
  if (error instanceof ProviderError) {
    const isTransient = error.errorClass !== "validation";
    return new Problem(422, isTransient ? "list-unavailable" : "list-unreadable", error.message);
  }
  if ((error as Error).name === "TimeoutError")
    return new Problem(504, "list-too-slow", "the list did not begin within 25 seconds");
  return error;
}
