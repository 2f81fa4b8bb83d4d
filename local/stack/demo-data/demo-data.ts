/** The app as its callers see it, with the operator's key. */
export interface DemoApi {
  /** When the data was begun: the same in each try, so that a request that is repeated is the same request. */
  readonly now: Date;
  get<Answer = unknown>(path: string): Promise<Answer>;
  /** @param idempotencyKey makes a request that a try before this one has made count once */
  post<Answer = unknown>(path: string, body: unknown, idempotencyKey?: string): Promise<Answer>;
  put<Answer = unknown>(path: string, body: unknown): Promise<Answer>;
  /** Where one of the demo's providers stands, by its name: `http://127.0.0.1:41233`. */
  provider(name: string): Promise<string>;
}

/** What one family shows at a first start in demo mode. One file per family, listed in `load.ts`. */
export interface DemoData {
  readonly family: string;
  /**
   * Puts sample data into the app, through its HTTP API alone. Called once per state directory; again at the next start when
   * it was broken off, so it must be safe to repeat.
   * @returns what is there now, for the start screen: `6 tasks, 4 reminders`
   */
  readonly load: (api: DemoApi) => Promise<string>;
}
