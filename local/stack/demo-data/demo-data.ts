/** The HTTP API of the app, with the operator's key. */
export interface DemoApi {
  /** The time of the first try: the same in each try, so that a repeated request is identical. */
  readonly now: Date;
  get<Answer = unknown>(path: string): Promise<Answer>;
  /** @param idempotencyKey prevents a second effect of a request that an earlier try sent */
  post<Answer = unknown>(path: string, body: unknown, idempotencyKey?: string): Promise<Answer>;
  put<Answer = unknown>(path: string, body: unknown): Promise<Answer>;
  /** The address of one of the demo's fake providers: `http://127.0.0.1:41233`. */
  provider(name: string): Promise<string>;
}

/** The sample data of one family for a first start in demo mode. One file per family, listed in `load-demo-data.ts`. */
export interface DemoData {
  readonly family: string;
  /**
   * Creates sample data, only through the app's HTTP API. Called once per state directory, and again at the next start
   * after an interruption, so it must be safe to repeat.
   * @returns what it created, for the start screen: `6 tasks, 4 reminders`
   */
  readonly load: (api: DemoApi) => Promise<string>;
  /** Called at each start after the data is loaded: fake providers may have other ports than at the last one. */
  readonly restart?: (api: DemoApi) => Promise<void>;
}
