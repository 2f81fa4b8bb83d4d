import { Readable } from "node:stream";
import { openContainer, type StorageAddress } from "#storage/blob-container.ts";
import { outbound, type OutboundOptions } from "../outbound.ts";
import { isLoopbackHost } from "../outbound/public-address.ts";
import { listError, type ListReader } from "./county-list.ts";
import type { CountySource } from "./county-source.ts";
import { csvList, LARGEST_FILE } from "./csv-list.ts";
import { htmlList } from "./html-list.ts";
import { jsonList } from "./json-list.ts";

/** The blob container for files that operators upload, for counties without a download address. */
export const LISTS_CONTAINER = "county-lists";

/** The beginning of the names of a county's uploaded lists in that container. */
export function uploadPrefix(countyId: string): string {
  return `${countyId}/uploads/`;
}

export interface ListSettings extends StorageAddress {
  /** Allows lists on this machine, for demos and tests: operators configure the addresses of lists. */
  readonly COUNTY_LISTS_LOOPBACK: boolean;
  /** By host. The configuration of a county has no token, because the API shows it. */
  readonly SOCRATA_APP_TOKENS: ReadonlyMap<string, string> | undefined;
}

interface OpenListOptions extends Pick<OutboundOptions, "timeoutMs" | "stallMs" | "resolve" | "policy"> {
  /** A CSV file to read instead of the one that the source names. */
  readonly file?: Buffer | undefined;
}

export interface OpenedList extends ListReader {
  close(): void;
}

/**
 * Opens the list of a county by its configuration. The first request follows when it is read.
 * @throws ProviderError when the list must not be fetched from its URL
 */
export function openList(
  countyId: string,
  source: CountySource,
  settings: ListSettings,
  { file, ...limits }: OpenListOptions = {},
): OpenedList {
  const list = `the list of ${countyId}`;
  if (source.kind === "csv" && file !== undefined)
    return { ...csvList(list, source, async () => Readable.from([file])), close: () => undefined };
  if (source.kind === "csv" && source.blob !== undefined) {
    const { blob } = source;
    const container = openContainer(settings, LISTS_CONTAINER);
    return { ...csvList(list, source, (signal) => container.read(blob, signal)), close: () => undefined };
  }
  const url = new URL(source.url!);
  const fault = sourceUrlFault(url, settings);
  if (fault) throw listError(list, `was not fetched: ${fault}`);
  const token = source.kind === "json" ? settings.SOCRATA_APP_TOKENS?.get(url.host) : undefined;
  const client = outbound({
    provider: list,
    // Counties of one portal share its limits and its outages.
    limitedAs: `lists:${url.host}`,
    baseUrl: url.origin,
    timeoutMs: 30 * 60_000,
    stallMs: 60_000,
    ...(token !== undefined && { headers: { "x-app-token": token }, secrets: [token] }),
    ...limits,
  });
  return {
    ...readerOf(),
    close: () => {
      client.close();
    },
  };

  function readerOf(): ListReader {
    if (source.kind === "json") return jsonList(list, source, client);
    if (source.kind === "html") return htmlList(list, source, client);
    const wanted = { accept: "text/csv, text/plain, */*", maxBytes: LARGEST_FILE };
    return csvList(list, source, async (signal) => (await client.get(url, { ...wanted, signal })).body);
  }
}

/** Why a list may not be fetched from a URL; undefined when it may. */
export function sourceUrlFault(
  url: URL,
  { COUNTY_LISTS_LOOPBACK: mayUseLoopback }: Pick<ListSettings, "COUNTY_LISTS_LOOPBACK">,
): string | undefined {
  if (url.username || url.password) return "source.url: expected no user and no password in it";
  if (url.searchParams.has("$$app_token")) return "source.url: expected no token in it; set SOCRATA_APP_TOKENS";
  if (isLoopbackHost(url.hostname)) {
    return mayUseLoopback ? undefined : "source.url: this machine is allowed only with COUNTY_LISTS_LOOPBACK=true";
  }
  return url.protocol === "https:" ? undefined : "source.url: expected https";
}
