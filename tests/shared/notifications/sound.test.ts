import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHANNELS, type NewNotification, newNotificationSchema, SEVERITIES } from "#notifications/notification.ts";
import { isSound } from "#notifications/sound.ts";
import { jsonbSafe } from "#redaction/jsonb-safe.ts";

const plain: NewNotification = {
  recipient: "user:1",
  type: "task.reminder",
  severity: "INFO",
  title: "Pay the rent",
  body: "",
};
const text = fc.oneof(
  fc.constantFrom<unknown>("user:1", "task.reminder", "", " ", " a ", "INFO", "\0", "\ud800", undefined, null, 7, []),
  fc.string({ maxLength: 5 }),
  fc.integer({ min: 99, max: 20_001 }).map((length) => "x".repeat(length)),
);
const anything = fc.record(
  {
    recipient: text,
    title: text,
    body: text,
    dedupeKey: text,
    type: text,
    severity: fc.constantFrom<unknown>(...SEVERITIES, "LOUD", null),
    channels: fc.oneof(
      fc.array(fc.constantFrom<unknown>(...CHANNELS, "pigeon", 1), { maxLength: 4 }),
      fc.constantFrom<unknown>(undefined, null, "web"),
    ),
    data: fc.oneof(
      fc.dictionary(fc.string({ maxLength: 3, unit: "binary" }), fc.anything({ maxDepth: 2, stringUnit: "binary" })),
      fc.constantFrom<unknown>(undefined, null, [], "text"),
    ),
    surplus: text,
  },
  { requiredKeys: [] },
);

describe("a sound notification", () => {
  it("is taken by the schema and by the database, unchanged", () => {
    fc.assert(
      fc.property(anything, fc.boolean(), (given, isAlmostPlain) => {
        const drawn = (isAlmostPlain ? { ...plain, ...given } : given) as NewNotification;
        if (!isSound(drawn)) return;
        expect(newNotificationSchema.parse(drawn)).toEqual(drawn);
        expect(jsonbSafe(drawn)).toEqual(drawn);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["with what it must have", plain],
    ["with channels", { ...plain, channels: ["web", "chatbot"] as const }],
    ["with a key and data", { ...plain, dedupeKey: "reminder:1", data: { taskId: "1" } }],
  ])("is one %s", (_, notification) => {
    expect(isSound(notification)).toBe(true);
  });
});
