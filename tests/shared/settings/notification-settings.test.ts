import { expect, it } from "vitest";
import { NOTIFICATION_SETTINGS } from "#settings/notification-settings.ts";

const { VAPID_SUBJECT } = NOTIFICATION_SETTINGS;

it.each(["mailto:ops@example.org", "mailto:a@b.c", "https://example.org/contact", "https://sub.example.co.uk"])(
  "push services accept the contact %s",
  (contact) => {
    expect(VAPID_SUBJECT.read(contact)).toBe(contact);
  },
);

it.each([
  "mailto:ops@localhost",
  "mailto: ops@example.org",
  "mailto:Ops <ops@example.org>",
  "mailto:ops@example.org,b@example.org",
  "mailto:ops@printer.local",
  "mailto:@example.org",
  "https://localhost",
  "https://10.0.0.1",
  "ops@example.org",
])("a contact that push services refuse is refused at the start: %s", (contact) => {
  expect(() => VAPID_SUBJECT.read(contact)).toThrow("of a public domain");
});
