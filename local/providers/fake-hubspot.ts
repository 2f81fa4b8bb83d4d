import { type FakeServer, startFakeServer } from "./fake-server.ts";
import type { Answer, Fault } from "./fault-injection.ts";

/**
 * Content faults: the first page for ever, a token that lacks its scope, one that may write, the limit of the day, a
 * contact without its change time, no JSON.
 */
export type HubspotFault = "same-page" | "no-scope" | "may-write" | "daily-limit" | "no-change-time" | "not-json";

export interface FakeContact {
  readonly id: number;
  readonly modifiedAt: string;
  readonly properties: Readonly<Record<string, string>>;
}

export interface FakeHubspot extends FakeServer<HubspotFault> {
  /** What it answers; tests change it. */
  readonly contacts: FakeContact[];
  /** Called after each answer to a search. */
  onSearch: (() => void) | undefined;
}

const TOKEN = "demo";
const MOST_RESULTS = 10_000;

/**
 * A fake server of HubSpot's search for contacts, with its limit of 10,000 results, and of the scopes of a token. Its
 * token is `demo`.
 */
export async function startFakeHubspot({
  port = 0,
  contacts = [],
}: { port?: number; contacts?: FakeContact[] } = {}): Promise<FakeHubspot> {
  const server = await startFakeServer<HubspotFault>({
    port,
    methods: ["POST"],
    errorBody: (status) => error(status, CATEGORIES[status] ?? "INTERNAL_ERROR"),
    answer(url, fault, request, body) {
      if (request.headers.authorization !== `Bearer ${TOKEN}`) return error(401, "INVALID_AUTHENTICATION");
      if (url.pathname === "/oauth/v2/private-apps/get/access-token-info") return json({ scopes: scopesOf(fault) });
      if (url.pathname !== "/crm/v3/objects/contacts/search") return error(404, "OBJECT_NOT_FOUND");
      if (fault?.kind === "not-json") return { type: "application/json", body: "Bad Gateway" };
      if (fault?.kind === "daily-limit") return limited("DAILY", "You have reached your daily limit.");
      const answer = searched(fake.contacts, JSON.parse(body) as Search, fault);
      fake.onSearch?.();
      return answer;
    },
  });
  const fake: FakeHubspot = { ...server, contacts, onSearch: undefined };
  return fake;
}

/** Contacts of the demo. */
export function demoContacts(now: Date): FakeContact[] {
  const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000).toISOString();
  const contact = (id: number, firstname: string, lastname: string): FakeContact => ({
    id,
    modifiedAt: daysAgo(id - 500),
    properties: { firstname, lastname, email: `${firstname.toLowerCase()}@example.com`, lifecyclestage: "lead" },
  });
  return [contact(501, "Ann", "Lee"), contact(502, "Bo", "Chen"), contact(503, "Cy", "Diaz")];
}

interface Search {
  readonly filterGroups: readonly {
    readonly filters: readonly { propertyName: string; operator: "GTE" | "EQ" | "GT"; value: string }[];
  }[];
  readonly sorts: readonly { readonly propertyName: string }[];
  readonly properties: readonly string[];
  readonly limit?: number;
  readonly after?: string;
}

function searched(contacts: readonly FakeContact[], search: Search, fault: Fault<HubspotFault> | undefined): Answer {
  const { filterGroups, sorts, limit = 10, after = "0" } = search;
  const start = fault?.kind === "same-page" ? 0 : Number(after);
  if (limit > 200 || start + limit > MOST_RESULTS) return error(400, "VALIDATION_ERROR");
  const filters = fault?.kind === "same-page" ? [] : (filterGroups[0]?.filters ?? []);
  const found = contacts.filter((contact) =>
    filters.every(({ propertyName, operator, value }) => {
      const own = valueOf(contact, propertyName);
      return operator === "EQ" ? own === Number(value) : operator === "GT" ? own > Number(value) : own >= Number(value);
    }),
  );
  const by = sorts[0]?.propertyName ?? "hs_object_id";
  const sorted = found.toSorted((a, b) => valueOf(a, by) - valueOf(b, by) || b.id - a.id);
  const end = start + limit;
  return json({
    total: sorted.length,
    results: sorted.slice(start, end).map((contact) => contactBody(contact, search.properties, fault)),
    ...((end < sorted.length || fault?.kind === "same-page") && { paging: { next: { after: `${end}` } } }),
  });
}

function valueOf({ id, modifiedAt }: FakeContact, property: string): number {
  return property === "hs_object_id" ? id : Date.parse(modifiedAt);
}

function contactBody(
  { id, modifiedAt, properties }: FakeContact,
  asked: readonly string[],
  fault: Fault<HubspotFault> | undefined,
): object {
  const own = Object.fromEntries(asked.map((name) => [name, properties[name] ?? null]));
  return {
    id: String(id),
    properties: {
      ...own,
      hs_object_id: String(id),
      createdate: "2026-01-01T00:00:00.000Z",
      lastmodifieddate: fault?.kind === "no-change-time" ? null : modifiedAt,
    },
    createdAt: "2026-01-01T00:00:00.000Z",
    updatedAt: modifiedAt,
    archived: false,
  };
}

function scopesOf(fault: Fault<HubspotFault> | undefined): readonly string[] {
  if (fault?.kind === "no-scope") return ["oauth"];
  const reading = ["oauth", "crm.objects.contacts.read"];
  return fault?.kind === "may-write" ? [...reading, "crm.objects.contacts.write"] : reading;
}

const CATEGORIES: Readonly<Record<number, string>> = {
  401: "INVALID_AUTHENTICATION",
  403: "MISSING_SCOPES",
  404: "OBJECT_NOT_FOUND",
  429: "RATE_LIMITS",
};

function json(body: object): Answer {
  return { type: "application/json;charset=utf-8", body: JSON.stringify(body) };
}

function error(status: number, category: string): Answer {
  const correlationId = "aeb5f871-7f07-4993-9211-075dc63e7cbf";
  return { ...json({ status: "error", message: category, correlationId, category }), status };
}

function limited(policyName: string, message: string): Answer {
  return {
    ...json({ status: "error", message, errorType: "RATE_LIMIT", policyName, correlationId: "1" }),
    status: 429,
  };
}
