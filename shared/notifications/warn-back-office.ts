import { rowIds } from "#data/row-ids.ts";
import type { JobLog } from "#jobs/job-log.ts";
import { type ChannelSettings, configuredChannels, openChannel } from "./channels.ts";
import { OPERATORS } from "./notification.ts";

/** A warning that does not go through the database. */
export interface DirectWarning {
  readonly type: string;
  readonly title: string;
  readonly body: string;
  readonly now: Date;
}

/**
 * Sends a warning to the webhook of the back office at once, without the database: for what keeps notifications from
 * being stored. Never throws; the log has the warning as well. One call has one try, within OUTBOUND_TIMEOUT.
 */
export async function warnBackOffice(
  { settings, log }: { readonly settings: ChannelSettings; readonly log: JobLog },
  { type, title, body, now }: DirectWarning,
): Promise<void> {
  log.error(title, { type, reason: body });
  if (!configuredChannels(settings).has("webhook")) return;
  try {
    const channel = await openChannel("webhook", settings);
    try {
      await channel.deliver(
        {
          id: rowIds(1, now)[0]!,
          recipient: OPERATORS,
          severity: "WARN",
          type,
          title,
          body,
          data: {},
          createdAt: now,
          address: "",
          subscriptions: [],
          triedAt: null,
        },
        { signal: AbortSignal.timeout(settings.OUTBOUND_TIMEOUT) },
      );
    } finally {
      channel.close();
    }
  } catch (error) {
    log.error("Warning the back office failed", { type, error });
  }
}
