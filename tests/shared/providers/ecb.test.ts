import { existsSync, readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type EcbFault, type FakeEcb, startFakeEcb } from "#local/providers/fake-ecb.ts";
import type { Fault } from "#local/providers/fault-injection.ts";
import { ecb, type EcbOptions, smallestFileFor } from "#providers/ecb.ts";
import { all, providerErrorOf, scriptedServer } from "./scripted-server.ts";

/** A Wednesday, an hour after publication. */
const NOW = new Date("2025-05-14T15:00:00Z");

let standIn: FakeEcb;
beforeAll(async () => {
  standIn = await startFakeEcb({ asOf: () => NOW });
});
afterEach(() => {
  standIn.recover();
});
afterAll(() => standIn.close());

const provider = (options: EcbOptions = {}) => ecb({ baseUrl: standIn.baseUrl, now: () => NOW, ...options });
const newestRequest = () => standIn.requests.at(-1)?.split("/").at(-1);
const datesOf = async (days: ReturnType<ReturnType<typeof ecb>["since"]>) => (await all(days)).map(({ date }) => date);

describe("the requested file", () => {
  test("the latest day comes from the daily file", async () => {
    const day = await provider().latest();
    expect(day).toMatchObject({ date: "2025-05-14", source: "ecb" });
    expect(day.rates.find(({ quote }) => quote === "USD")?.rate).toMatch(/^\d\.\d{4}$/);
    expect(newestRequest()).toBe("eurofxref-daily.xml");
  });

  test.each([
    ["2025-05-14", "eurofxref-daily.xml"],
    ["2025-05-13", "eurofxref-hist-90d.xml"],
    ["2025-02-20", "eurofxref-hist-90d.xml"],
    ["2025-01-02", "eurofxref-hist.zip"],
    ["1999-01-04", "eurofxref-hist.zip"],
  ])("days since %s come from %s", async (start, file) => {
    const dates = await datesOf(provider().since(start, "2025-05-14"));
    expect(newestRequest()).toBe(file);
    expect(dates[0]).toBe("2025-05-14");
    expect(dates.at(-1)).toBe(start);
    expect(dates).toEqual([...dates].sort().reverse());
  });

  test("the same days have the same rates in every file", async () => {
    const fromXml = await all(provider().since("2025-03-03", "2025-04-30"));
    const fromHistory = await all(provider({ now: () => new Date("2026-05-14") }).since("2025-03-03", "2025-04-30"));
    const fromCsv = await all(
      provider({ now: () => new Date("2026-05-14"), historyFile: "eurofxref-hist.csv" }).since(
        "2025-03-03",
        "2025-04-30",
      ),
    );
    expect(fromXml).toHaveLength(43);
    expect(fromHistory).toEqual(fromXml);
    expect(fromCsv).toEqual(fromXml);
  });

  test("with a clock ahead of the file no day is lost: a larger file is read", async () => {
    const asked = standIn.requests.length;
    const dates = await datesOf(provider({ now: () => new Date("2025-05-12") }).since("2025-05-12", "2025-05-14"));
    expect(dates).toEqual(["2025-05-14", "2025-05-13", "2025-05-12"]);
    expect(standIn.requests.slice(asked).map((request) => request.split("/").at(-1))).toEqual([
      "eurofxref-daily.xml",
      "eurofxref-hist.zip",
    ]);
  });

  test("the smallest file is chosen by the calendar only", () => {
    const sunday = "2025-05-18";
    expect(smallestFileFor("2025-05-16", sunday)).toBe("eurofxref-daily.xml");
    expect(smallestFileFor("2025-05-15", sunday)).toBe("eurofxref-hist-90d.xml");
    expect(smallestFileFor("2025-02-22", sunday)).toBe("eurofxref-hist-90d.xml");
    expect(smallestFileFor("2025-02-21", sunday)).toBe("eurofxref-hist.zip");
    expect(smallestFileFor("2025-06-01", sunday)).toBe("eurofxref-daily.xml");
  });

  test.each([
    ["2025-02-30", "2025-03-01", 'expected the start date as YYYY-MM-DD, got "2025-02-30"'],
    ["2025-01-01", "tomorrow", 'expected the end date as YYYY-MM-DD, got "tomorrow"'],
    ["2025-03-02", "2025-03-01", "the start date 2025-03-02 is after the end date 2025-03-01"],
  ])("%s to %s is refused without a request", async (start, end, sentence) => {
    const asked = standIn.requests.length;
    const trouble = await providerErrorOf(() => all(provider().since(start, end)));
    expect(trouble).toMatchObject({ errorClass: "validation", message: `ecb was not called: ${sentence}` });
    expect(standIn.requests).toHaveLength(asked);
  });

  test("the download ends when the reader stops", async () => {
    for await (const { date } of provider({ historyFile: "eurofxref-hist.csv" }).since("1999-01-04", "2025-05-14")) {
      expect(date).toBe("2025-05-14");
      break;
    }
  });

  test("the caller's signal ends it with the signal's reason", async () => {
    const stop = new AbortController();
    const days = provider().since("1999-01-04", "2025-05-14", { signal: stop.signal });
    standIn.fail({ kind: "stall" });
    const reading = all(days);
    stop.abort(new Error("lease lost"));
    await expect(reading).rejects.toThrow("lease lost");
  });
});

describe("each fault has its error class and a message", () => {
  const faults: [Fault<EcbFault>["kind"], string, string][] = [
    ["500", "transient", "ecb answered 500 Internal Server Error to GET"],
    ["503", "transient", "ecb answered 503 Service Unavailable"],
    ["429", "rate_limited", "(asks to wait 7 s)"],
    ["401", "auth", "ecb answered 401 Unauthorized"],
    ["403", "auth", "ecb answered 403 Forbidden"],
    ["404", "validation", "ecb answered 404 Not Found"],
    ["html", "transient", "answered with a web page where"],
    ["truncated", "transient", "closed the connection before its answer was complete"],
    ["cut-short", "transient", "cut short or damaged"],
    ["empty", "transient", "has no day in it"],
    ["unknown-column", "validation", 'has an unknown column "ZZZ" (number 2)'],
    ["missing-date-column", "validation", 'must begin with the column "Date", got "USD"'],
    ["bad-date", "validation", "has no date YYYY-MM-DD at the start of line 4"],
    ["bad-rate", "validation", 'has "1.1e2" for USD in line 4'],
    ["duplicate-date", "validation", "2025-05-14 in line 3 is there twice"],
    ["out-of-order", "validation", "2025-05-14 in line 5 follows"],
    ["zip-bomb", "validation", "would unpack to 134217728 bytes, more than the 67108864 allowed"],
    ["lying-zip-bomb", "validation", "unpacks to more than the 1000 bytes that its archive states"],
    ["wrong-entry", "validation", 'expected the file "eurofxref-hist.csv" in the archive, got "readme.txt"'],
    ["encrypted", "validation", "is encrypted in the archive"],
    ["not-a-zip", "validation", "must begin with the column"],
    ["truncated-zip", "transient", "cut short or damaged"],
    ["hang", "transient", "sent nothing for 100 ms"],
    ["stall", "transient", "sent nothing for 100 ms"],
  ];
  test.each(faults)("%s is %s", async (kind, errorClass, sentence) => {
    standIn.fail({ kind });
    // Only the two that wait need a short patience; the others must not fail by it on a busy machine.
    const stallMs = kind === "hang" || kind === "stall" ? 100 : 30_000;
    const trouble = await providerErrorOf(() => all(provider({ stallMs }).since("1999-01-04", "2025-05-14")));
    expect(trouble.errorClass).toBe(errorClass);
    expect(trouble.message).toContain(sentence);
    expect(trouble.message).toContain("eurofxref-hist.zip");
    expect(trouble).toMatchObject({ provider: "ecb", retryAfterMs: kind === "429" ? 7_000 : undefined });
  });

  test("in the daily file as well", async () => {
    standIn.fail({ kind: "unknown-column", times: 1 });
    expect((await providerErrorOf(() => provider().latest())).message).toContain(
      'has an unknown currency "ZZZ" for 2025-05-14',
    );
    standIn.fail({ kind: "cut-short", times: 1 });
    expect(await providerErrorOf(() => provider().latest())).toMatchObject({ errorClass: "transient" });
    expect((await provider().latest()).date).toBe("2025-05-14");
  });

  test("a redirect to a foreign host is refused", async () => {
    standIn.fail({ kind: "redirect", location: "https://evil.example/eurofxref-daily.xml" });
    const trouble = await providerErrorOf(() => provider().latest());
    expect(trouble.errorClass).toBe("validation");
    expect(trouble.message).toContain("evil.example is not one of its hosts");
  });

  test("an archive above its limit is aborted while it arrives", async () => {
    const mebibyte = Buffer.alloc(1024 * 1024);
    let sent = 0;
    const endless = await scriptedServer((_, response) => {
      response.write("PK\x03\x04");
      const pump = () => {
        while (!response.closed && response.write(mebibyte)) sent++;
      };
      response.on("drain", pump);
      pump();
    });
    const trouble = await providerErrorOf(() =>
      all(ecb({ baseUrl: endless.url, now: () => NOW }).since("1999-01-04", "2025-05-14")),
    );
    expect(trouble.errorClass).toBe("validation");
    expect(trouble.message).toContain("it has more than the 16777216 bytes allowed");
    expect(sent).toBeLessThan(64);
  });
});

const FULL = "../shared/data/fx/eurofxref-hist-1999-2026-04-13.csv";
describe.skipIf(!existsSync(FULL))("the ECB's own history (skipped where ../shared/data is missing)", () => {
  test.each(["eurofxref-hist.zip", "eurofxref-hist.csv"])("is read completely as %s", async (historyFile) => {
    const real = await startFakeEcb({ asOf: () => new Date("2026-04-13T15:00:00Z"), history: FULL });
    try {
      const client = ecb({ baseUrl: real.baseUrl, now: () => new Date("2026-04-13T15:00:00Z"), historyFile });
      const days = await all(client.since("1999-01-04", "2026-04-13"));
      const lines = readFileSync(FULL, "utf8").trimEnd().split("\n");
      const cells = lines.slice(1).flatMap((line) =>
        line
          .split(",")
          .slice(1)
          .filter((cell) => /^[\d.]+$/.test(cell)),
      );
      expect(days).toHaveLength(lines.length - 1);
      expect(days.flatMap(({ rates }) => rates.map(({ rate }) => rate))).toEqual(cells);
    } finally {
      await real.close();
    }
  });
});
