import { z } from "zod";
import type { Outbound } from "#jobs/outbound-client.ts";
import { providerAnswer } from "./provider-answer.ts";
import { ProviderError } from "./provider-error.ts";
import { retriedCall } from "./retried-call.ts";

export interface HubspotContact {
  readonly id: string;
  readonly modifiedAt: Date;
  /** The fields of `CONTACT_FIELDS` that have a value. */
  readonly fields: Readonly<Partial<Record<ContactField, string>>>;
}

/** Up to where contacts are read: those changed at this instant are read up to this id, or all. */
export interface ContactPosition {
  readonly modifiedAt: Date;
  /** Undefined: no contact of the instant. */
  readonly afterId?: string | undefined;
}

export interface Hubspot {
  /** The scopes of the token; null where HubSpot does not tell them. */
  scopes(): Promise<readonly string[] | null>;
  /** The contacts that changed at a position or later, the longest unchanged first, each page with its end. */
  changedContacts(
    from: ContactPosition,
  ): AsyncGenerator<{ contacts: readonly HubspotContact[]; next: ContactPosition }>;
}

export const CONTACT_FIELDS = [
  "email",
  "firstname",
  "lastname",
  "phone",
  "company",
  "jobtitle",
  "lifecyclestage",
] as const;
export type ContactField = (typeof CONTACT_FIELDS)[number];

/** The most that a search returns. */
const PAGE_SIZE = 200;

const searchShape = z.object({
  results: z.array(
    z.object({
      id: z.string().regex(/^\d{1,20}$/),
      properties: z
        .record(z.string(), z.string().nullish())
        .and(z.object({ lastmodifieddate: z.iso.datetime({ offset: true }) })),
    }),
  ),
  paging: z.object({ next: z.object({ after: z.string() }).optional() }).nullish(),
});
const scopesShape = z.object({ scopes: z.array(z.string()) });

interface Filter {
  readonly propertyName: "lastmodifieddate" | "hs_object_id";
  readonly operator: "GTE" | "EQ" | "GT";
  readonly value: string;
}

/** HubSpot's CRM API, version 3. Reads only. The client sends the token as `Authorization: Bearer`. */
export function hubspot(
  client: Pick<Outbound, "call">,
  { token, signal }: { readonly token: string; readonly signal: AbortSignal },
): Hubspot {
  return {
    async scopes() {
      const told = await send(
        "oauth/v2/private-apps/get/access-token-info",
        { tokenKey: token },
        scopesShape.nullable(),
      );
      return told?.scopes ?? null;
    },

    // Never by offset: a contact that changes meanwhile would shift the others, and 10,000 results are the most.
    async *changedContacts(from) {
      let at = from.modifiedAt.getTime();
      let afterId = from.afterId;
      for (;;) {
        const instant = { propertyName: "lastmodifieddate", value: String(at) } as const;
        if (afterId === undefined) {
          const { contacts, hasMore } = await search([{ ...instant, operator: "GTE" }], "lastmodifieddate");
          checkOrder(
            contacts.map(({ modifiedAt }) => modifiedAt.getTime()),
            at,
          );
          const last = contacts.at(-1)?.modifiedAt.getTime() ?? at;
          // A whole page with one change time, as after an import: by ids within that instant.
          if (hasMore && last === at) afterId = "0";
          else {
            at = last;
            yield { contacts, next: { modifiedAt: new Date(at) } };
            if (!hasMore) return;
          }
        } else {
          const filters: Filter[] = [
            { ...instant, operator: "EQ" },
            { propertyName: "hs_object_id", operator: "GT", value: afterId },
          ];
          const { contacts, hasMore } = await search(filters, "hs_object_id");
          checkOrder(
            contacts.map(({ id }) => Number(id)),
            Number(afterId) + 1,
          );
          if (hasMore) afterId = contacts.at(-1)?.id;
          else {
            at++;
            afterId = undefined;
          }
          yield { contacts, next: { modifiedAt: new Date(at), afterId } };
        }
      }
    },
  };

  async function search(
    filters: readonly Filter[],
    sortedBy: Filter["propertyName"],
  ): Promise<{ contacts: readonly HubspotContact[]; hasMore: boolean }> {
    const body = {
      filterGroups: [{ filters }],
      sorts: [{ propertyName: sortedBy, direction: "ASCENDING" }],
      properties: [...CONTACT_FIELDS, "lastmodifieddate"],
      limit: PAGE_SIZE,
    };
    const { results, paging } =
      (await send("crm/v3/objects/contacts/search", body, searchShape.nullable())) ?? nothing();
    const hasMore = paging?.next !== undefined;
    if (hasMore && results.length === 0) throw outOfOrder();
    return { contacts: results.map(contactOf), hasMore };
  }

  /** @returns null for a path that this account does not have */
  function send<Schema extends z.ZodType>(
    path: string,
    body: object,
    schema: Schema,
  ): Promise<z.output<Schema> | null> {
    return retriedCall(async () => {
      try {
        const response = await client.call(path, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
          accept: "application/json",
          answers: (status) => status === 404,
          signal,
        });
        if (response.status !== 404) return await providerAnswer("HubSpot", response, schema);
        response.discard();
        return null;
      } catch (error) {
        throw isDailyLimit(error) ? untilMidnight(error) : error;
      }
    }, signal);
  }
}

function contactOf({ id, properties }: z.output<typeof searchShape>["results"][number]): HubspotContact {
  const values = CONTACT_FIELDS.map((field) => [field, properties[field]?.trim() ?? ""] as const);
  return {
    id,
    modifiedAt: new Date(properties.lastmodifieddate),
    fields: Object.fromEntries(values.filter(([, value]) => value !== "")),
  };
}

/** Results that go backwards would be read for ever, or hide others. */
function checkOrder(values: readonly number[], least: number): void {
  let previous = least;
  for (const value of values) {
    if (!(value >= previous)) throw outOfOrder();
    previous = value;
  }
}

function outOfOrder(): ProviderError {
  return new ProviderError("HubSpot answered contacts out of order, or repeats a page", {
    provider: "hubspot",
    errorClass: "validation",
  });
}

function nothing(): never {
  throw new ProviderError("HubSpot has no search for contacts at this address (404)", {
    provider: "hubspot",
    errorClass: "validation",
  });
}

/** The limit of a day ends at midnight: no wait within this run helps. */
function isDailyLimit(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.status === 429 && /daily/i.test(error.message);
}

function untilMidnight({ message, url }: ProviderError): ProviderError {
  return new ProviderError(message, {
    provider: "hubspot",
    errorClass: "rate_limited",
    status: 429,
    url,
    retryAfterMs: 3_600_000,
  });
}
