/** What settings make of one job: `<ID>_ENABLED`, `<ID>_MAX_RETRIES`. The schedule's are read at registration. */
export interface JobSettings {
  readonly enabled: boolean;
  readonly maxRetries: number;
}
