export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A request, independent of the host that received it. */
export interface Request {
  readonly method: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly header: (name: string) => string | null;
  readonly bytes: () => Promise<Uint8Array>;
}
