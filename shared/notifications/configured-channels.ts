import type { Config } from "../config.ts";
import type { ChannelName } from "./notification.ts";

/** The channels that the settings make usable. `web` always is. */
export function configuredChannels(_settings: Config): ReadonlySet<ChannelName> {
  return new Set(["web"]);
}
