import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBatch, decodeMessage } from "../../src/amqp/decode-message.ts";
import { encodeDelivery } from "../../src/amqp/encode-delivery.ts";
import { BrokerError } from "../../src/amqp/errors.ts";
import { message as rhea, types } from "../../src/amqp/rhea.ts";
import type { Delivery, Message } from "../../src/message.ts";

const name = fc.string({ minLength: 1, maxLength: 300 }).filter((key) => key !== "__proto__");
const value = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc.integer(),
  fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
  fc.boolean(),
);
const sent = fc.record({
  message_id: fc.string({ minLength: 1 }),
  subject: fc.string(),
  group_id: fc.string({ minLength: 1 }),
  application_properties: fc.dictionary(name, value, { maxKeys: 4 }),
  message_annotations: fc.dictionary(fc.constantFrom("x-opt-partition-key", "mine"), fc.string(), { maxKeys: 2 }),
  body: fc.dictionary(name, value, { maxKeys: 4 }),
  ttl: fc.integer({ min: 1, max: 0xffffffff }),
  priority: fc.integer({ min: 0, max: 9 }),
  durable: fc.boolean(),
});

function deliveryOf(bytes: Buffer, more: Partial<Delivery> = {}): Delivery {
  const { properties: _, ...draft } = decodeMessage(bytes);
  const message: Message = { ...draft, sequence: 7, enqueuedSequence: 5, enqueuedAt: 1_700_000_000_000 };
  return { message, state: "active", deliveryCount: 3, ...more };
}

describe("a message", () => {
  test("arrives as its sender encoded it, with the annotations of the broker", () => {
    fc.assert(
      fc.property(sent, (original) => {
        const bytes = rhea.encode(original);
        const before = rhea.decode(bytes);
        const lock = { token: "0198c0de-0000-7000-8000-000000000000", until: 1_700_000_030_000 };
        const after = rhea.decode(encodeDelivery(deliveryOf(bytes, { lock })));
        const own = {
          "x-opt-enqueued-time": new Date(1_700_000_000_000),
          "x-opt-sequence-number": 7,
          "x-opt-enqueue-sequence-number": 5,
          "x-opt-message-state": 0,
          "x-opt-locked-until": new Date(1_700_000_030_000),
        };
        expect(after).toEqual({
          ...before,
          delivery_count: 3,
          first_acquirer: false,
          message_annotations: { ...own, ...(before["message_annotations"] as object | undefined) },
        });
      }),
    );
  });

  test("carries the properties that a settlement changed", () => {
    fc.assert(
      fc.property(sent, fc.dictionary(name, fc.string(), { maxKeys: 3 }), fc.boolean(), (original, changed, hasOwn) => {
        const { application_properties: _, ...bare } = original;
        const bytes = rhea.encode(hasOwn ? original : bare);
        const overrides = Object.fromEntries(
          Object.entries(changed).map(([key, text]) => {
            const writer = new types.Writer();
            writer.write(types.wrap_string(text));
            return [key, writer.toBuffer()];
          }),
        );
        const after = rhea.decode(encodeDelivery(deliveryOf(bytes, { overrides })));
        expect(after.application_properties ?? {}).toEqual({
          ...rhea.decode(bytes).application_properties,
          ...changed,
        });
        expect(after.body).toEqual(rhea.decode(bytes).body);
      }),
    );
  });

  test("of a batch decodes like a single message", () => {
    fc.assert(
      fc.property(fc.array(sent, { minLength: 1, maxLength: 5 }), (originals) => {
        const encoded = originals.map((original) => rhea.encode(original));
        const data = (rhea as unknown as { data_sections(parts: Buffer[]): unknown }).data_sections(encoded);
        const batch = rhea.encode({ body: data });
        const contents = decodeBatch(batch).map(({ content }) => content);
        expect(contents).toEqual(encoded.map((bytes) => decodeMessage(bytes).content));
        // A slice would keep the whole batch in memory for its last message.
        for (const content of contents) expect(content.buffer).not.toBe(batch.buffer);
      }),
    );
  });

  test("that is cut short or malformed is rejected as a BrokerError", () => {
    const bytes = rhea.encode({ message_id: "m", application_properties: { a: 1 }, body: { text: "body" } });
    for (let length = 1; length < bytes.length; length++) {
      try {
        decodeMessage(bytes.subarray(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(BrokerError);
      }
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (noise) => {
        try {
          decodeMessage(Buffer.from(noise));
        } catch (error) {
          expect(error).toBeInstanceOf(BrokerError);
        }
      }),
    );
  });
});
