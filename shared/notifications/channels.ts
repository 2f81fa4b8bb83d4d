import type { CallPolicy } from "#jobs/call-policy.ts";
import type { NotificationSettings } from "#settings/notification-settings.ts";
import type { Channel } from "./channel.ts";
import type { SmtpOptions } from "./channels/smtp.ts";
import type { ChannelName } from "./notification.ts";

/** The settings that channels need. */
export type ChannelSettings = NotificationSettings & { readonly OUTBOUND_TIMEOUT: number };

/** The channels that the settings configure. `web` is always configured: it needs only the database. */
export function configuredChannels(settings: NotificationSettings): ReadonlySet<ChannelName> {
  const isSet: Readonly<Record<ChannelName, unknown>> = {
    web: true,
    email: settings.SMTP_URL ?? settings.ACS_EMAIL ?? settings.ACS_EMAIL__endpoint,
    push: settings.VAPID_PUBLIC_KEY,
    chatbot: settings.TELEGRAM_BOT_TOKEN,
    sms: settings.TWILIO_ACCOUNT_SID,
    voice: settings.TWILIO_ACCOUNT_SID,
    webhook: settings.NOTIFY_WEBHOOK_URL,
  };
  const names = Object.keys(isSet) as ChannelName[];
  return new Set(names.filter((name) => isSet[name] !== undefined));
}

/**
 * Opens a channel and loads its library. Close it afterwards: it keeps connections.
 * @param policy of its calls; default: every call starts at once
 * @throws TypeError when the channel is not configured
 */
export async function openChannel(name: ChannelName, settings: ChannelSettings, policy?: CallPolicy): Promise<Channel> {
  const limits = { timeoutMs: settings.OUTBOUND_TIMEOUT, policy };
  switch (name) {
    case "email":
      return openEmail(settings, limits);
    case "push": {
      const { webPushChannel } = await import("./channels/web-push.ts");
      const vapid = {
        subject: needed(settings, "VAPID_SUBJECT"),
        publicKey: needed(settings, "VAPID_PUBLIC_KEY"),
        privateKey: needed(settings, "VAPID_PRIVATE_KEY"),
      };
      return webPushChannel({ vapid, hosts: settings.WEB_PUSH_HOSTS, ...limits });
    }
    case "chatbot": {
      const { telegram } = await import("./channels/telegram.ts");
      return telegram({
        baseUrl: settings.TELEGRAM_BASE_URL,
        token: needed(settings, "TELEGRAM_BOT_TOKEN"),
        ...limits,
      });
    }
    case "sms":
    case "voice": {
      const { twilio } = await import("./channels/twilio.ts");
      return twilio({
        baseUrl: settings.TWILIO_BASE_URL,
        accountSid: needed(settings, "TWILIO_ACCOUNT_SID"),
        ...limits,
        authToken: needed(settings, "TWILIO_AUTH_TOKEN"),
        from: needed(settings, "TWILIO_FROM"),
      })[name];
    }
    case "webhook": {
      const { webhook } = await import("./channels/webhook.ts");
      return webhook({
        url: needed(settings, "NOTIFY_WEBHOOK_URL"),
        secret: needed(settings, "NOTIFY_WEBHOOK_SECRET"),
        ...limits,
      });
    }
    case "web":
      throw new TypeError("web is the app itself: notify delivers its notifications when it creates them");
  }
}

async function openEmail(
  settings: ChannelSettings,
  limits: Pick<SmtpOptions, "timeoutMs" | "policy">,
): Promise<Channel> {
  const from = needed(settings, "NOTIFY_EMAIL_FROM");
  if (settings.SMTP_URL !== undefined) {
    const { smtp } = await import("./channels/smtp.ts");
    return smtp({ url: settings.SMTP_URL, from, ...limits });
  }
  const { acsEmail, readAcsConnection } = await import("./channels/acs-email.ts");
  if (settings.ACS_EMAIL !== undefined) {
    const { endpoint, accessKey } = readAcsConnection(settings.ACS_EMAIL);
    return acsEmail({ endpoint, access: { accessKey }, from, ...limits });
  }
  const { ManagedIdentityCredential } = await import("#identity/managed-identity.ts");
  const clientId = settings.ACS_EMAIL__clientId;
  const identity = clientId ? new ManagedIdentityCredential({ clientId }) : new ManagedIdentityCredential();
  const token = async () => (await identity.getToken("https://communication.azure.com/.default")).token;
  return acsEmail({ endpoint: needed(settings, "ACS_EMAIL__endpoint"), access: { token }, from, ...limits });
}

function needed(settings: ChannelSettings, name: keyof NotificationSettings): string {
  const value = settings[name];
  if (typeof value !== "string") throw new TypeError(`${name} is missing: the channel needs it`);
  return value;
}
