import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { outbound, type OutboundOptions, outboundRequests } from "#providers/outbound.ts";
import { providerErrorOf, scriptedServer } from "./scripted-server.ts";

const client = (baseUrl: string, options: Partial<OutboundOptions> = {}) =>
  outbound({ provider: "acme", baseUrl, stallMs: 5_000, ...options });

describe("which hosts are called", () => {
  test("a base URL is https, or http on loopback", () => {
    expect(() => client("http://acme.example/")).toThrow(
      'the base URL of acme must be https without user and password (http on loopback only), got "http://acme.example/"',
    );
    expect(() => client("https://user:secret@acme.example/")).toThrow(/got "https:\/\/acme\.example\/"$/);
    expect(() => client("acme")).toThrow('got "acme"');
    expect(() => client("http://localhost:1/")).not.toThrow();
    expect(() => client("http://[::1]:1/")).not.toThrow();
  });

  test("a host that is not on the list is refused, and the error names the list", async () => {
    const trouble = await providerErrorOf(() =>
      client("https://acme.example/", { allowedHosts: ["cdn.example"] }).get("https://evil.example/x"),
    );
    expect(trouble).toMatchObject({ errorClass: "validation", provider: "acme", url: "https://evil.example/x" });
    expect(trouble.message).toBe(
      "acme was not called: evil.example is not one of its hosts (acme.example, cdn.example) (https://evil.example/x)",
    );
  });

  test.each([
    ["another port", "https://acme.example:8443/", "acme.example:8443 is not one of its hosts"],
    ["plain http", "http://acme.example/", "expected https, got http"],
    ["a user in the URL", "https://user@acme.example/", "may not carry a user"],
  ])("%s is refused", async (_what, url, sentence) => {
    const trouble = await providerErrorOf(() => client("https://acme.example/").get(url));
    expect(trouble.errorClass).toBe("validation");
    expect(trouble.message).toContain(sentence);
  });

  test.each(["127.0.0.1", "localhost", "[::1]"])("%s is refused unless the base URL is on loopback", async (host) => {
    const trouble = await providerErrorOf(() =>
      client("https://acme.example/", { allowedHosts: [host] }).get(`https://${host}/`),
    );
    expect(trouble.message).toContain("loopback is allowed only when the base URL is on loopback itself");
  });

  test.each(["169.254.169.254", "10.0.0.1", "168.63.129.16", "[fd00::1]", "[::ffff:10.0.0.1]"])(
    "%s is refused even when it is on the list",
    async (host) => {
      const url = new URL(`https://${host}/`);
      const trouble = await providerErrorOf(() =>
        client("https://acme.example/", { allowedHosts: [url.host] }).get(url),
      );
      expect(trouble.errorClass).toBe("validation");
      expect(trouble.message).toContain("is not a public address");
    },
  );

  test.each(["10.1.2.3", "127.0.0.1", "169.254.169.254", "::1", "fe80::1", "64:ff9b::a00:1"])(
    "a name that resolves to %s is refused without a connection",
    async (address) => {
      const asked: string[] = [];
      const trouble = await providerErrorOf(() =>
        client("https://acme.example/", {
          resolve: async (hostname) => {
            asked.push(hostname);
            return [
              { address: "93.184.215.14", family: 4 },
              { address, family: address.includes(":") ? 6 : 4 },
            ];
          },
        }).get("data"),
      );
      expect(trouble.errorClass).toBe("validation");
      expect(trouble.message).toBe(
        `acme was not called: acme.example resolves to ${address}, which is not a public address (GET https://acme.example/data)`,
      );
      // Looked up once, by the socket itself: there is no second answer that could differ from the checked one.
      expect(asked).toEqual(["acme.example"]);
    },
  );

  test("localhost as a base is called only when it resolves to loopback", async () => {
    const trouble = await providerErrorOf(() =>
      client("http://localhost:1/", { resolve: async () => [{ address: "93.184.215.14", family: 4 }] }).get(""),
    );
    expect(trouble.message).toContain("localhost resolves to 93.184.215.14");
  });

  test("a name without an address is transient", async () => {
    const missing = Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
    const trouble = await providerErrorOf(() =>
      client("https://acme.example/", { resolve: () => Promise.reject(missing) }).get(""),
    );
    expect(trouble.errorClass).toBe("transient");
    expect(trouble.message).toBe("acme could not be reached (ENOTFOUND): GET https://acme.example/");
  });
});

describe("redirects", () => {
  const redirectingTo = (location: string) =>
    scriptedServer((request, response) => {
      if (request.url === "/end") response.end("arrived");
      else response.writeHead(302, { location }).end();
    });

  test("are followed on the same host", async () => {
    const response = await client((await redirectingTo("/end")).url).get("start");
    expect(await response.text()).toBe("arrived");
    expect(response.url).toMatch(/\/end$/);
  });

  test("are followed to another host that is on the list, without the headers meant for the first", async () => {
    const seen: unknown[] = [];
    const other = await scriptedServer((request, response) => {
      seen.push(request.headers.authorization, request.headers["x-call"]);
      response.end("arrived");
    });
    const first = await redirectingTo(`${other.url}end`);
    const acme = client(first.url, { allowedHosts: [new URL(other.url).host], headers: { authorization: "Bearer k" } });
    expect(await (await acme.get("start", { headers: { "x-call": "1" } })).text()).toBe("arrived");
    expect(seen).toEqual([undefined, undefined]);
  });

  test.each([
    "https://evil.example/",
    "http://169.254.169.254/latest/meta-data",
    "//evil.example/",
    "file:///etc/passwd",
  ])("to %s are refused", async (location) => {
    const trouble = await providerErrorOf(async () => client((await redirectingTo(location)).url).get("start"));
    expect(trouble.errorClass).toBe("validation");
    expect(trouble.message).toContain("is not one of its hosts");
  });

  test("end at the stated count", async () => {
    const loop = await redirectingTo("/again");
    const trouble = await providerErrorOf(() => client(loop.url, { maxRedirects: 3 }).get("start"));
    expect(trouble.errorClass).toBe("validation");
    expect(trouble.message).toContain("acme redirected more than 3 times");
  });

  test("of a POST are an error, so that its body is not sent elsewhere", async () => {
    const target = await redirectingTo("/end");
    const trouble = await providerErrorOf(() => client(target.url).call("start", { method: "POST", body: "{}" }));
    expect(trouble).toMatchObject({ status: 302, errorClass: "validation" });
  });
});

describe("statuses that are not 2xx", () => {
  test.each([
    [401, "auth"],
    [403, "auth"],
    [400, "validation"],
    [404, "validation"],
    [422, "validation"],
    [408, "transient"],
    [425, "transient"],
    [429, "rate_limited"],
    [500, "transient"],
    [503, "transient"],
    [529, "transient"],
  ])("%i is %s", async (status, errorClass) => {
    const target = await scriptedServer((_, response) => response.writeHead(status).end());
    expect(await providerErrorOf(() => client(target.url).get(""))).toMatchObject({ status, errorClass });
  });

  test("the message quotes the message of the service", async () => {
    const target = await scriptedServer((_, response) => response.writeHead(422).end('{"message":"invalid date"}'));
    const trouble = await providerErrorOf(() => client(target.url).get("latest"));
    expect(trouble.message).toBe(`acme answered 422 Unprocessable Entity to GET ${target.url}latest: "invalid date"`);
  });

  test("Retry-After is read, in seconds or as a date, at most an hour", async () => {
    const now = new Date("2025-03-01T12:00:00Z");
    const asking = async (header: string) => {
      const target = await scriptedServer((_, response) => response.writeHead(429, { "retry-after": header }).end());
      return providerErrorOf(() => client(target.url, { now: () => now }).get(""));
    };
    expect(await asking("30")).toMatchObject({ retryAfterMs: 30_000 });
    expect(await asking("Sat, 01 Mar 2025 12:02:00 GMT")).toMatchObject({ retryAfterMs: 120_000 });
    expect(await asking("86400")).toMatchObject({ retryAfterMs: 3_600_000 });
    expect((await asking("30")).message).toContain("(asks to wait 30 s)");
    expect(await asking("soon")).toMatchObject({ retryAfterMs: undefined });
  });

  test("no secret is shown: in the query, in the path or in the service's message", async () => {
    const target = await scriptedServer((_, response) => response.writeHead(403).end("bad token bot-s3cret for k+y"));
    const acme = client(target.url, { secrets: ["bot-s3cret"] });
    const trouble = await providerErrorOf(() => acme.get("bot-s3cret/send?apikey=abc&symbol=SPY"));
    expect(trouble.url).toBe(`${target.url}***/send?apikey=***&symbol=SPY`);
    expect(trouble.message).toContain('"bad token *** for k+y"');
    expect(JSON.stringify([trouble, trouble.message])).not.toMatch(/s3cret|abc/);
  });

  test("a web page where data was expected is transient, also with status 200", async () => {
    const target = await scriptedServer((_, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("\n<!DOCTYPE html><html>Just a moment");
    });
    const trouble = await providerErrorOf(async () =>
      (await client(target.url).get("", { accept: "text/csv" })).text(),
    );
    expect(trouble).toMatchObject({ errorClass: "transient", status: 200 });
    expect(trouble.message).toBe(`acme answered with a web page where text/csv was expected: GET ${target.url}`);
    expect(await (await client(target.url).get("", { accept: "text/html" })).text()).toContain("Just a moment");
  });
});

describe("a service that hangs", () => {
  test("before its headers fails after the stall time", async () => {
    const target = await scriptedServer(() => undefined);
    const trouble = await providerErrorOf(() => client(target.url, { stallMs: 50 }).get(""));
    expect(trouble).toMatchObject({
      errorClass: "transient",
      message: `acme sent nothing for 50 ms: GET ${target.url}`,
    });
  });

  test("within its body fails after the stall time", async () => {
    const target = await scriptedServer((_, response) => response.write("half"));
    const trouble = await providerErrorOf(async () => (await client(target.url, { stallMs: 50 }).get("")).text());
    expect(trouble).toMatchObject({ errorClass: "transient" });
    expect(trouble.message).toContain("sent nothing for 50 ms");
  });

  test("but sends single bytes fails after the total time", async () => {
    const target = await scriptedServer((_, response) => {
      const dribble = setInterval(() => response.write("."), 10);
      response.on("close", () => {
        clearInterval(dribble);
      });
    });
    const acme = client(target.url, { stallMs: 1_000, timeoutMs: 150 });
    const trouble = await providerErrorOf(async () => (await acme.get("")).text());
    expect(trouble).toMatchObject({ errorClass: "transient" });
    expect(trouble.message).toContain("did not finish within 150 ms");
  });

  test("is not assumed when the reader is slow", async () => {
    const target = await scriptedServer((_, response) => response.end("all of it"));
    const acme = client(target.url, { timeoutMs: 1_000 });
    const response = await acme.get("");
    const slowly = new Promise((resolve) => setTimeout(resolve, 1_100));
    let text = "";
    for await (const chunk of response.body) {
      await slowly;
      text += chunk.toString();
    }
    expect(text).toBe("all of it");
  });

  test("fails with the signal's reason when the caller's signal aborts", async () => {
    const closed = Promise.withResolvers<unknown>();
    const stop = new AbortController();
    const target = await scriptedServer((_, response) => {
      response.on("close", () => {
        closed.resolve(undefined);
      });
      stop.abort(new Error("lease lost"));
    });
    await expect(client(target.url).get("", { signal: stop.signal })).rejects.toThrow("lease lost");
    await closed.promise;
  });

  test("sends nothing when the caller's signal has aborted before, and leaves no unhandled rejection", async () => {
    let requests = 0;
    const target = await scriptedServer((_, response) => {
      requests += 1;
      response.end("late");
    });
    const signal = AbortSignal.abort(new Error("lease lost"));
    await expect(client(target.url).get("", { signal })).rejects.toThrow("lease lost");
    expect(await (await client(target.url).get("")).text()).toBe("late");
    expect(requests).toBe(1);
  });
});

describe("bodies", () => {
  test("gzip is requested and unpacked", async () => {
    const target = await scriptedServer((request, response) => {
      expect(request.headers["accept-encoding"]).toBe("gzip");
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("1.0842"));
    });
    expect(await (await client(target.url).get("")).text()).toBe("1.0842");
  });

  test("more than the limit is refused, with and without Content-Length", async () => {
    const target = await scriptedServer((request, response) => {
      if (request.url === "/announced") response.setHeader("content-length", 2_000);
      response.write(Buffer.alloc(1_000));
      response.end(Buffer.alloc(1_000));
    });
    const acme = client(target.url, { maxBytes: 1_500 });
    const announced = await providerErrorOf(async () => (await acme.get("announced")).text());
    expect(announced.message).toContain("acme announced 2000 bytes, more than the 1500 allowed");
    const counted = await providerErrorOf(async () => (await acme.get("")).text());
    expect(counted).toMatchObject({ errorClass: "validation" });
    expect(counted.message).toContain("acme sent more than the 1500 bytes allowed");
  });

  test("a compressed bomb is aborted when it unpacks to more than the limit", async () => {
    const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024));
    const target = await scriptedServer((_, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(bomb),
    );
    const response = await client(target.url, { maxBytes: 1024 * 1024 }).get("");
    let unpacked = 0;
    const trouble = await providerErrorOf(async () => {
      for await (const chunk of response.body) unpacked += chunk.length;
    });
    expect(trouble).toMatchObject({ errorClass: "validation" });
    expect(trouble.message).toContain("acme unpacked to more than the 1048576 bytes allowed");
    expect(unpacked).toBeLessThanOrEqual(1024 * 1024);
  });

  test.each([
    ["gzip that ends early", "gzip", (packed: Buffer) => packed.subarray(0, -12), "transient", "damaged or cut short"],
    ["what is no gzip", "gzip", () => Buffer.from("plain"), "transient", "damaged or cut short"],
    ["an encoding not asked for", "br", () => Buffer.from("x"), "validation", 'content-encoding "br"'],
  ])("%s is an error", async (_what, encoding, spoil, errorClass, sentence) => {
    const packed = spoil(gzipSync("1.0842 ".repeat(1_000)));
    const target = await scriptedServer((_, response) =>
      response.writeHead(200, { "content-encoding": encoding }).end(packed),
    );
    const trouble = await providerErrorOf(async () => (await client(target.url).get("")).text());
    expect(trouble.errorClass).toBe(errorClass);
    expect(trouble.message).toContain(sentence);
  });

  test("one that is shorter than its Content-Length is transient", async () => {
    const target = await scriptedServer((_, response) => {
      response.writeHead(200, { "content-length": 100 }).write("half", () => response.destroy());
    });
    const trouble = await providerErrorOf(async () => (await client(target.url).get("")).text());
    expect(trouble).toMatchObject({ errorClass: "transient" });
    expect(trouble.message).toContain("acme closed the connection before its answer was complete");
  });

  test("the connection closes when the reader stops", async () => {
    const answering = Promise.withResolvers<ServerResponse>();
    const target = await scriptedServer((_, response) => {
      response.write("first");
      answering.resolve(response);
    });
    for await (const chunk of (await client(target.url).get("")).body) {
      expect(chunk.toString()).toBe("first");
      break;
    }
    const response = await answering.promise;
    if (!response.closed) await once(response, "close");
  });
});

describe("connections", () => {
  test("are reused after a body was read", async () => {
    const target = await scriptedServer((_, response) => response.end("ok"));
    const acme = client(target.url);
    for (let call = 0; call < 3; call++) await (await acme.get("")).text();
    acme.close();
    expect(target.connections()).toBe(1);
  });

  test("a GET is repeated when the service closes an idle connection at that moment", async () => {
    let calls = 0;
    const target = await scriptedServer((request, response) => {
      if (++calls === 2) request.socket.resetAndDestroy();
      else response.end("ok");
    });
    const acme = client(target.url);
    expect(await (await acme.get("")).text()).toBe("ok");
    expect(await (await acme.get("")).text()).toBe("ok");
    expect(calls).toBe(3);
  });
});

test("each request is published on the diagnostics channel", async () => {
  const requests: unknown[] = [];
  const listen = (message: unknown) => requests.push(message);
  outboundRequests.subscribe(listen);
  const target = await scriptedServer((request, response) =>
    response.writeHead(request.url === "/ok" ? 200 : 500).end(),
  );
  const acme = client(target.url);
  (await acme.get("ok")).discard();
  await providerErrorOf(() => acme.get("broken"));
  outboundRequests.unsubscribe(listen);
  expect(requests).toMatchObject([
    { provider: "acme", method: "GET", url: `${target.url}ok`, status: 200, ms: expect.any(Number) as number },
    { provider: "acme", url: `${target.url}broken`, error: { status: 500 } },
  ]);
});
