import { openOnce } from "#diagnostics/open-once.ts";
import type { Outbound, OutboundOptions } from "#jobs/outbound-client.ts";

/** An outbound client whose code is loaded with its first call: most processes start without calling a provider. */
export function lazyOutbound(options: OutboundOptions): Outbound {
  let opened: Outbound | undefined;
  const client = openOnce(async () => {
    const { outbound } = await import("../outbound.ts");
    return (opened = outbound(options));
  });
  return {
    call: async (url, callOptions) => (await client()).call(url, callOptions),
    get: async (url, callOptions) => (await client()).get(url, callOptions),
    close: () => opened?.close(),
  };
}
