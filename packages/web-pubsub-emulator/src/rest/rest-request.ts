import type { Hub } from "../hub.ts";

/** An authenticated request to the REST API. */
export interface RestRequest {
  readonly hub: Hub;
  /** The names in the path, in order. */
  readonly names: readonly [string, string];
  readonly query: URLSearchParams;
  /** The URL without its query. */
  readonly address: string;
  readonly contentType: string;
  readonly body: Buffer;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly endpoint: string;
  readonly key: string;
}

export interface Reply {
  readonly status: number;
  /** Sent as JSON. */
  readonly body?: object;
}
