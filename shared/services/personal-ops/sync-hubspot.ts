import { z } from "zod";
import { type RememberedItem, rememberItems } from "#data/personal-ops/memory-items.ts";
import { type ContactPosition, hubspot, type HubspotContact } from "#providers/hubspot.ts";
import { ProviderError } from "#providers/provider-error.ts";
import { jsonbSafeText } from "#redaction/jsonb-safe.ts";
import { isConfigured } from "./configured-sources.ts";
import { type SyncContext, type SyncResult, withSyncRecord } from "./sync-record.ts";

const READING = "crm.objects.contacts.read";
/** HubSpot's search index lags behind its records: so much is read again. */
const OVERLAP_MS = 5 * 60_000;

const watermarkSchema = z.object({ modifiedAt: z.iso.datetime(), afterId: z.string().optional() });

/**
 * Remembers the contacts that changed in HubSpot, as inferred. A contact with new fields supersedes its item. It never
 * writes to HubSpot, and refuses a token that could.
 */
export async function syncHubspot(context: SyncContext): Promise<SyncResult> {
  const { settings, signal, clock } = context;
  if (!isConfigured(settings, "hubspot")) {
    return { state: "not configured", source: "hubspot", reason: "HubSpot is not configured" };
  }
  const token = settings.HUBSPOT_TOKEN!;
  const client = context.outbound({
    provider: "hubspot",
    baseUrl: settings.HUBSPOT_BASE_URL,
    headers: { authorization: `Bearer ${token}` },
    secrets: [token],
  });
  const provider = hubspot(client, { token, signal });
  try {
    return await withSyncRecord(context, "hubspot", async ({ watermark, commit }) => {
      const startedAt = clock.now();
      checkScopes(await provider.scopes());
      const counts = { read: 0, added: 0, superseded: 0 };
      for await (const { contacts, next } of provider.changedContacts(startOf(watermark))) {
        const committed = await commit(async (tx) => {
          const { added, superseded } = await rememberItems(tx, contacts.map(itemOf), clock.now());
          return { items: added + superseded, added, superseded, watermark: watermarkOf(next, startedAt) };
        });
        counts.read += contacts.length;
        counts.added += committed.added;
        counts.superseded += committed.superseded;
        context.progress(counts.read, undefined, "contacts of HubSpot");
      }
      return counts;
    });
  } finally {
    client.close();
  }
}

function checkScopes(scopes: readonly string[] | null): void {
  if (scopes === null) return;
  const writing = scopes.filter((scope) => scope.endsWith(".write"));
  const fault = !scopes.includes(READING)
    ? `the token lacks the scope ${READING}`
    : writing.length > 0
      ? `the token may write (${writing.join(", ")}): expected ${READING} and no writing scope`
      : undefined;
  if (fault === undefined) return;
  throw new ProviderError(`HubSpot was not read: ${fault}`, { provider: "hubspot", errorClass: "auth" });
}

function startOf(watermark: unknown): ContactPosition {
  const known = watermarkSchema.safeParse(watermark);
  if (!known.success) return { modifiedAt: new Date(0) };
  return { modifiedAt: new Date(known.data.modifiedAt), afterId: known.data.afterId };
}

function watermarkOf({ modifiedAt, afterId }: ContactPosition, startedAt: Date): object {
  const latest = startedAt.getTime() - OVERLAP_MS;
  if (modifiedAt.getTime() > latest) return { modifiedAt: new Date(latest).toISOString() };
  return { modifiedAt: modifiedAt.toISOString(), ...(afterId !== undefined && { afterId }) };
}

function itemOf({ id, modifiedAt, fields }: HubspotContact): RememberedItem {
  const name = [fields.firstname, fields.lastname].filter((part) => part !== undefined).join(" ");
  const lines = Object.entries(fields).map(([field, value]) => `${field}: ${value}`);
  return {
    key: `hubspot.contact.${id}`,
    title: jsonbSafeText(name || (fields.email ?? `Contact ${id}`), 1_000),
    value: jsonbSafeText(lines.join("\n"), Infinity),
    data: Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, jsonbSafeText(value, 10_000)])),
    revision: modifiedAt.toISOString(),
    authority: "inferred",
    sourceType: "hubspot",
    sourceId: id,
  };
}
