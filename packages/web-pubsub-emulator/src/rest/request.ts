import type { Hub } from "../hub.ts";

/** A request to the REST API that has been let in. */
export interface RestRequest {
  readonly hub: Hub;
  /** The names in the path, in order. */
  readonly names: readonly [string, string];
  readonly query: URLSearchParams;
  /** The address up to the query. */
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
  /** Is sent as JSON. */
  readonly body?: object;
}
