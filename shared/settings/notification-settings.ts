import { accessKey, hostPatterns, matching, type Setting, text, url, type ValuesOf, whole } from "./setting.ts";

/** Which channels there are for notifications, and by which provider. A channel whose settings are missing suppresses what it is given. */
export const NOTIFICATION_SETTINGS = {
  NOTIFY_EMAIL_FROM: matching(/^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/, "one e-mail address", {
    about: "Sender of all e-mail. E-mail is a channel with one of the next three.",
  }),
  SMTP_URL: url(["smtps", "smtp"], {
    about: "Mail server: `smtps://user:password@host`, or `smtp://…:587`, which then has to offer STARTTLS.",
    secret: true,
  }),
  ACS_EMAIL: matching(/^(?=.*\bendpoint=https?:\/\/)(?=.*\baccesskey=[^;])/i, "endpoint=https://…;accesskey=…", {
    about: "Instead of a mail server: connection string of Azure Communication Services.",
    secret: true,
  }),
  ACS_EMAIL__endpoint: url(["https"], { about: "The same by its endpoint, entered with the app's managed identity." }),
  ACS_EMAIL__clientId: text({ about: "Client id of that identity when it is a user-assigned one." }),
  TELEGRAM_BOT_TOKEN: matching(/^\d+:[\w-]{30,}$/, "a token as @BotFather gives it, 123456:ABC…", {
    about: "The bot that writes to people. Makes chatbot a channel.",
    secret: true,
  }),
  TELEGRAM_BASE_URL: url(["https", "http"], { about: "Telegram's Bot API.", fallback: "https://api.telegram.org" }),
  TWILIO_ACCOUNT_SID: matching(/^AC\w{2,64}$/, "an account's SID, AC…", {
    about: "Twilio's account for text messages and calls. With the next two it makes sms and voice channels.",
  }),
  TWILIO_AUTH_TOKEN: text({ about: "The token of that account.", secret: true }),
  TWILIO_FROM: matching(/^\+[1-9]\d{6,14}$/, "a number in E.164 such as +15005550006", {
    about: "The number that texts and calls.",
  }),
  TWILIO_BASE_URL: url(["https", "http"], { about: "Twilio's REST API.", fallback: "https://api.twilio.com" }),
  VAPID_PUBLIC_KEY: matching(/^[\w-]{80,}$/, "a key in base64url as `npx web-push generate-vapid-keys` makes it", {
    about: "By which push services know the app. With the next two it makes push a channel.",
  }),
  VAPID_PRIVATE_KEY: matching(/^[\w-]{40,}$/, "a key in base64url", {
    about: "The private half of that key.",
    secret: true,
  }),
  VAPID_SUBJECT: matching(/^(mailto:.+@.+|https:\/\/.+)$/, "mailto:… or https://…", {
    about: "Whom a push service may turn to.",
  }),
  WEB_PUSH_HOSTS: hostPatterns({
    about: "Hosts of push services that may be called; `*.` stands for any name below.",
    fallback: "fcm.googleapis.com,updates.push.services.mozilla.com,*.push.apple.com,*.notify.windows.com",
  }),
  NOTIFY_WEBHOOK_URL: url(["https", "http"], {
    about: "Where the back office takes notifications. With the next one it makes webhook a channel.",
  }),
  NOTIFY_WEBHOOK_SECRET: accessKey({ about: "Signs what is sent there, as Standard Webhooks has it.", secret: true }),
  NOTIFICATION_RETENTION_DAYS: whole(1, 36_500, {
    about: "Days after which a notification and its dedupe key are deleted.",
    fallback: "365",
  }),
} satisfies Record<string, Setting<unknown>>;

type Name = keyof typeof NOTIFICATION_SETTINGS;
export type NotificationSettings = ValuesOf<typeof NOTIFICATION_SETTINGS>;

/** Settings that make sense only together. */
const TOGETHER: readonly (readonly Name[])[] = [
  ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"],
  ["VAPID_PUBLIC_KEY", "VAPID_PRIVATE_KEY", "VAPID_SUBJECT"],
  ["NOTIFY_WEBHOOK_URL", "NOTIFY_WEBHOOK_SECRET"],
];

/** What is wrong with them taken together. A provider that is set up by half would be silent. */
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
