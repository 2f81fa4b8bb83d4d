import { causes, isError, readProperty } from "#redaction/error-causes.ts";

/** Why a call to a provider has to wait, so that its run waits without spending an attempt. */
export interface ProviderWait {
  readonly provider: string;
  readonly waitMs: number;
  /** A sentence without a full stop. */
  readonly reason: string;
  /** The first failure of its outage; null where it is not down. Attempts that failed since do not count. */
  readonly failingSince: Date | null;
}

/** The beginning of the reason codes of runs that wait for a provider; its name follows. */
export const PROVIDER_WAIT = "provider:";

/** The wait of an error or of one of its causes. */
export function providerWaitOf(error: unknown): ProviderWait | undefined {
  for (const cause of causes(error)) {
    const wait = isError(cause) ? readProperty(cause, "providerWait") : undefined;
    if (typeof wait === "object" && wait !== null) return wait as ProviderWait;
  }
  return undefined;
}
