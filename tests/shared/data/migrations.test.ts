import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

const MIGRATIONS = join(import.meta.dirname, "../../../shared/data/migrations");

/** SHA-256 of each migration. Only add lines: a database that has a migration refuses a changed one. */
const RECORDED = {
  "0000_platform": "b9917aa0d9a63603a8cd44e312e8ad3ac3c044e1661eb76403984fa7d8382b3b",
  "0001_portfolio": "bb9c775edc3140f857ff0bd9a1e9fb8c3e51b41468c41012fcc9577ed2e3c365",
  "0002_tasks": "700fc18a6651138fc3b15407b64c6d744da7e50f4b3a47798b2c52cea73ad652",
  "0003_reasoning": "377be8e4196561fb3287fbd5046ab9b650c9e0f19ba13db507272f50974c0705",
  "0004_tax_liens": "7666d353bdf4d4ce7c72aa859fac22c8e3db4a1cdf2cb5601ef78abcb101a800",
  "0005_job_schedules": "fed855c4ef96c391f95882cc741e00a378679ab72ab259aa188ef68e00d1ff0c",
  "0006_list_indexes": "7c5bfcc16aa6ec665fdf01f5bb94d3d1b846f7e057e783b1b1df56c4b73faa41",
  "0007_keep_the_planned_time_of_tasks": "eba3d7f481f3a672e1f51915d9463711b51d4c080be222a563e0416515c84f71",
  "0008_retention_and_updates": "04acb4f454c5dddc4e002247f1200de59ca2a9e83be7aa9520da86048a6549a9",
  "0009_confirm_leases_once_planned": "284307a58193025ac33719b6cfd23ee617450324718855313d577871c57ae0e6",
  "0010_hold_implausible_points_and_keep_replaced_values":
    "265870288caf63a0c79b2866a10471f73c435acd298834e79c8275f84984b349",
  "0011_undo_and_uploads": "db34b92215245c7d0357a7a865cd70c39c94c006cc93a596047ba07dcf77283b",
  "0012_mark_the_figures_of_liens": "b885ecf2ab1dc65b86658fd88966e16d2dc2767460ac1aec41dba2fd5aff3f06",
  "0013_one_notation_of_scopes": "00937a61cc9c9e42249726a79a95858a47be34d737377eece2dd29c8e4335720",
  "0014_closed_days_of_etfs": "5edc0353fb93cc6d1d74debdad9cb3e042805744d9952921af6338b83e3160d9",
  "0015_knowledge": "d5101036d6ee8e182eb5c614e2fa895bec52e8c264be5b8fff6e8f422325cf43",
  "0016_what_came_of_messages": "402f01aa725c39c611df11cd6c695ced44a36a3bc98841eb8b5138b1c8a01d6a",
  "0017_vectors": "c218cc097f21aad19b676043b57bec04c8f0a659be53f53754dd279d91ed73ed",
  "0018_compared_threshold": "eea06f1e1e37dae502c6707e889e6cd4a08fa9b730a6e6dec6b4d831a5a76ae3",
  "0019_vector_codes": "b60379ac9e0d06ab333b3dfc2ab3f8a5da000081832c9bba26ff96ee5ac6da24",
  "0020_due_deliveries_and_list_findings": "df08dbcbd7bc9bcbaba7a27ec642977c3c406fc58cf32f1844d222ff51fe9abb",
  "0021_find_flagged_proposals": "f0a36ed1df3bf7f7fef2e43d915bebd062ec44c77bc143108bee8178c24ffdd4",
  "0022_personal_ops": "e1d7c87d910cf79e6b0c0b83a508a6e2df0e0dffdc80421a759ddf07eec01582",
  "0023_provider_layer": "531591bb03715c3c97d67a92007638f0c0afb954a67bb0e9286e89957f0078df",
  "0024_index_of_vectors": "15833a1f37977245596558c8a29f1f30c1afc6ecf773868734c7e31419a9fa4b",
  "0025_sync_holder": "ff84f3ccb7a9e3d9c303aab54930b5c71566411be9e984214d1df2c3154ca46f",
};

test("no recorded migration has changed, and every migration is recorded", async () => {
  const found: Record<string, string> = {};
  for (const { tag } of await journal()) {
    found[tag] = createHash("sha256")
      .update(await readFile(join(MIGRATIONS, `${tag}.sql`)))
      .digest("hex");
  }
  expect(found, "add the hash of a new migration to RECORDED; never change one").toEqual(RECORDED);
});

test("the journal lists every file, oldest first", async () => {
  const entries = await journal();
  const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith(".sql")).sort();
  expect(entries.map(({ tag }) => `${tag}.sql`)).toEqual(files);
  // The migrator skips a migration that is older than the newest applied one.
  const times = entries.map(({ when }) => when);
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
});

async function journal(): Promise<readonly { tag: string; when: number }[]> {
  const text = await readFile(join(MIGRATIONS, "meta/_journal.json"), "utf8");
  return (JSON.parse(text) as { entries: { tag: string; when: number }[] }).entries;
}
