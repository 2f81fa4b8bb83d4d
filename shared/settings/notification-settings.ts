import { hostPatterns, matching, type Setting, text, url, type ValuesOf, whole } from "./setting.ts";

/** Push services refuse display names, spaces and hosts that only a local network knows. */
const PUBLIC_CONTACT =
  /^(?:mailto:[^\s@<>,;:"()[\]\\]+@|https:\/\/)(?:[a-z0-9-]+\.)+(?!(?:local|localhost|internal|invalid)(?![a-z0-9-]))[a-z][a-z0-9-]*(?::\d+)?(?:\/[^\s]*)?$/i;

/** Standard Webhooks: 24 to 64 bytes, padded base64. */
const WEBHOOK_SECRET = /^whsec_(?=.{32,88}$)(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The channels and their providers. A channel whose settings are missing suppresses its notifications. */
export const NOTIFICATION_SETTINGS = {
  NOTIFY_EMAIL_FROM: matching(/^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/, "one e-mail address", {
    about: "Sender of all e-mail. The channel email needs it and one of SMTP_URL, ACS_EMAIL, ACS_EMAIL__endpoint.",
  }),
  SMTP_URL: url(["smtps", "smtp"], {
    about: "Mail server: `smtps://user:password@host`, or `smtp://…:587`, which must offer STARTTLS.",
    secret: true,
  }),
  ACS_EMAIL: matching(/^(?=.*\bendpoint=https?:\/\/)(?=.*\baccesskey=[^;])/i, "endpoint=https://…;accesskey=…", {
    about: "Instead of SMTP_URL: connection string of Azure Communication Services.",
    secret: true,
  }),
  ACS_EMAIL__endpoint: url(["https"], {
    about: "Instead of ACS_EMAIL: endpoint of Azure Communication Services, accessed with the app's managed identity.",
  }),
  ACS_EMAIL__clientId: text({ about: "Client id of the managed identity, when it is a user-assigned one." }),
  TELEGRAM_BOT_TOKEN: matching(/^\d+:[\w-]{30,}$/, "a token as @BotFather gives it, 123456:ABC…", {
    about: "Token of the Telegram bot that sends messages. Enables the channel chatbot.",
    secret: true,
  }),
  TELEGRAM_BASE_URL: url(["https", "http"], {
    about: "Base address of Telegram's Bot API.",
    fallback: "https://api.telegram.org",
  }),
  TWILIO_ACCOUNT_SID: matching(/^AC\w{2,64}$/, "an account's SID, AC…", {
    about:
      "Twilio account for text messages and calls. With TWILIO_AUTH_TOKEN and TWILIO_FROM it enables the channels sms and voice.",
  }),
  TWILIO_AUTH_TOKEN: text({ about: "Auth token of the Twilio account.", secret: true }),
  TWILIO_FROM: matching(/^\+[1-9]\d{6,14}$/, "a number in E.164 such as +15005550006", {
    about: "Phone number that sends text messages and calls.",
  }),
  TWILIO_BASE_URL: url(["https", "http"], {
    about: "Base address of Twilio's REST API.",
    fallback: "https://api.twilio.com",
  }),
  VAPID_PUBLIC_KEY: matching(/^[\w-]{80,}$/, "a key in base64url as `npx web-push generate-vapid-keys` makes it", {
    about:
      "Public key that identifies the app to push services. With VAPID_PRIVATE_KEY and VAPID_SUBJECT it enables the channel push.",
  }),
  VAPID_PRIVATE_KEY: matching(/^[\w-]{40,}$/, "a key in base64url", {
    about: "Private key that belongs to VAPID_PUBLIC_KEY.",
    secret: true,
  }),
  VAPID_SUBJECT: matching(PUBLIC_CONTACT, "mailto:name@example.org or https://example.org, of a public domain", {
    about: "Contact for push services: mailto: and one address, or https://…, of a public domain.",
  }),
  WEB_PUSH_HOSTS: hostPatterns({
    about: "Hosts of push services that the app may call; `*.` matches any subdomain.",
    fallback: "fcm.googleapis.com,updates.push.services.mozilla.com,*.push.apple.com,*.notify.windows.com",
  }),
  NOTIFY_WEBHOOK_URL: url(["https", "http"], {
    about:
      "Address that receives notifications of the back office. With NOTIFY_WEBHOOK_SECRET it enables the channel webhook.",
  }),
  NOTIFY_WEBHOOK_SECRET: matching(WEBHOOK_SECRET, "whsec_ and 24 to 64 bytes in base64", {
    about:
      'Secret that signs webhook requests, as Standard Webhooks defines: `echo "whsec_$(openssl rand -base64 32)"`.',
    secret: true,
  }),
  NOTIFICATION_RETENTION_DAYS: whole(1, 36_500, {
    about: "Days after which a notification and its dedupe key are deleted.",
    fallback: "365",
  }),
} satisfies Record<string, Setting<unknown>>;

type Name = keyof typeof NOTIFICATION_SETTINGS;
export type NotificationSettings = ValuesOf<typeof NOTIFICATION_SETTINGS>;

/** Settings that work only together. */
const TOGETHER: readonly (readonly Name[])[] = [
  ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"],
  ["VAPID_PUBLIC_KEY", "VAPID_PRIVATE_KEY", "VAPID_SUBJECT"],
  ["NOTIFY_WEBHOOK_URL", "NOTIFY_WEBHOOK_SECRET"],
];

/** What is wrong with these settings together. A provider that is configured in part would send nothing. */
export function notificationFaults(values: Readonly<Record<string, unknown>>): string[] {
  const isSet = (name: Name) => values[name] !== undefined;
  const halves = TOGETHER.filter((names) => names.some(isSet)).flatMap((names) =>
    names.filter((name) => !isSet(name)).map((name) => `${name} is missing: ${names.find(isSet)} needs it`),
  );
  const mailers = (["SMTP_URL", "ACS_EMAIL", "ACS_EMAIL__endpoint"] as const).filter(isSet);
  if (mailers.length > 1) halves.push(`${mailers[1]}: expected one way to send e-mail, got ${mailers[0]} as well`);
  if (mailers.length && !isSet("NOTIFY_EMAIL_FROM"))
    halves.push(`NOTIFY_EMAIL_FROM is missing: ${mailers[0]} needs it`);
  return halves;
}
