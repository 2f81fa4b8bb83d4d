import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JournalOptions } from "../src/journal.ts";
import { Journal } from "../src/journal.ts";
import type { Entry } from "../src/journal-entries.ts";
import { decodeEntries, encodeEntries } from "../src/journal-entries.ts";
import { decodeFrames, encodeFrame } from "../src/journal-frames.ts";
import { temporaryDirectory } from "./emulator-process.ts";

const removal = (sequence: number): Entry => ["jobs", { kind: "remove", sequence }];

function open(directory: string, more: Partial<JournalOptions> = {}) {
  const entries: Entry[] = [];
  const onFailure = (error: Error) => {
    throw error;
  };
  const journal = Journal.open({ directory, snapshot: () => [], onFailure, ...more }, (entry) => entries.push(entry));
  return { journal, entries };
}

const durable = (journal: Journal): Promise<void> =>
  new Promise((resolve) => {
    journal.whenDurable(resolve);
  });

describe("a journal", () => {
  test("replays its entries in order", async () => {
    const directory = temporaryDirectory();
    const { journal } = open(directory);
    for (let sequence = 1; sequence <= 100; sequence++) {
      journal.record(...removal(sequence));
      if (sequence % 10 === 0) await durable(journal);
    }
    await journal.close();
    const again = open(directory);
    expect(again.entries).toEqual(Array.from({ length: 100 }, (_, index) => removal(index + 1)));
    await again.journal.close();
  });

  test("has its entries on disk when it calls back", async () => {
    const directory = temporaryDirectory();
    const { journal } = open(directory);
    journal.record(...removal(1));
    await durable(journal);
    const { bodies } = decodeFrames(readFileSync(join(directory, "journal")), "journal");
    expect(bodies.flatMap((body) => decodeEntries(body))).toEqual([removal(1)]);
    await journal.close();
  });

  test("drops a frame that a crash cut off at any byte, and appends after it", async () => {
    const whole = encodeFrame(encodeEntries([removal(1)]));
    const torn = encodeFrame(encodeEntries([removal(2)]));
    for (let length = 1; length < torn.length; length += 7) {
      const directory = temporaryDirectory();
      writeFileSync(join(directory, "journal"), Buffer.concat([whole, torn.subarray(0, length)]));
      const { journal, entries } = open(directory);
      expect(entries).toEqual([removal(1)]);
      journal.record(...removal(3));
      await journal.close();
      const again = open(directory);
      expect(again.entries).toEqual([removal(1), removal(3)]);
      await again.journal.close();
    }
  });

  test("refuses the file of an earlier version", () => {
    expect(() => decodeFrames(Buffer.from("SBJ1 and more"), "the/journal")).toThrow(
      "An earlier version wrote the journal the/journal. Delete it to start with empty queues.",
    );
  });

  test("treats zeros at the end, as a power failure leaves them, as an incomplete frame", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "journal"), encodeFrame(encodeEntries([removal(1)])));
    appendFileSync(join(directory, "journal"), Buffer.alloc(4_096));
    const { journal, entries } = open(directory);
    expect(entries).toEqual([removal(1)]);
    await journal.close();
  });

  test("names the damaged frame for every damaged byte before the last frame", () => {
    const first = encodeFrame(encodeEntries([removal(1)]));
    const file = Buffer.concat([
      first,
      encodeFrame(encodeEntries([removal(2)])),
      encodeFrame(encodeEntries([removal(3)])),
    ]);
    fc.assert(
      fc.property(fc.nat(2 * first.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Buffer.from(file);
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        const frame = at < first.length ? 0 : first.length;
        expect(() => decodeFrames(damaged, "the/journal")).toThrow(
          `The journal the/journal is damaged: expected an intact frame at byte ${frame}`,
        );
      }),
    );
  });

  test("rewrites its file when it has grown, and loses no entry meanwhile", async () => {
    const directory = temporaryDirectory();
    const content = new Set<number>();
    const snapshot = () => Array.from(content, removal);
    const { journal } = open(directory, { snapshot, compactFromBytes: 10_000 });
    for (let sequence = 1; sequence <= 2_000; sequence++) {
      content.add(sequence);
      if (sequence > 10) content.delete(sequence - 10);
      journal.record(...removal(sequence));
      if (sequence % 3 === 0) await durable(journal);
    }
    await journal.close();
    expect(statSync(join(directory, "journal")).size).toBeLessThan(50_000);
    const again = open(directory);
    const kept = new Set(again.entries.map(([, change]) => ("sequence" in change ? change.sequence : 0)));
    expect([...content].filter((sequence) => !kept.has(sequence))).toEqual([]);
    await again.journal.close();
  });
});

test("decoded entries equal the encoded ones", () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
  const overrides = fc.option(
    fc.dictionary(
      fc.string().filter((key) => key !== "__proto__"),
      bytes,
      { maxKeys: 3 },
    ),
    { nil: undefined },
  );
  const put = fc.record({ content: bytes, annotations: bytes, messageId: fc.string(), overrides, reason: fc.string() });
  fc.assert(
    fc.property(fc.array(put, { maxLength: 5 }), (puts) => {
      const entries = puts.flatMap(
        ({ content, annotations, messageId, overrides: changed, reason }, index): Entry[] => {
          const message = {
            content,
            annotations,
            messageId,
            durable: false,
            priority: 4,
            sequence: index,
            enqueuedSequence: index,
            enqueuedAt: 5,
            deadLetter: { reason },
          };
          const unlock = { kind: "unlock", sequence: index, state: "active", deliveryCount: 1 } as const;
          const put = { kind: "put", message, state: "active", deliveryCount: 0 } as const;
          return [
            ["q", changed ? { ...put, overrides: changed } : put],
            ["q", changed ? { ...unlock, overrides: changed } : unlock],
            ["q", { kind: "sessionState", sessionId: messageId, state: content }],
          ];
        },
      );
      expect(decodeEntries(encodeEntries(entries))).toEqual(entries);
    }),
  );
});
