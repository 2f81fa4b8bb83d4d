import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redact, redactText } from "#redaction/redact.ts";
import { jsonLines, Log } from "#telemetry/log.ts";

/** Made up, in the true form of each. Put together here, so that no scanner takes this file for a leak. */
const base64 = (length: number) => "aB3dE5gH7jK9mN1pQ".repeat(8).slice(0, length);
const SECRETS = {
  "a database address": ["postgres://rota:", "hunter2", "@db.example.test:5432/rota?sslmode=require"],
  "a password with the signs of an address": ["postgres://rota:", "h/unt#er@2?", "@db.example.test/rota"],
  "a broker's address": ["amqps://rota:", "hunter2", "@broker.example.test"],
  "an address with a password": ["https://rota:", "hunter2", "@example.test/v1"],
  "an address with a token for a user": ["https://", base64(24), "@git.example.test/x.git"],
  "a Service Bus connection string": [
    "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=",
    `${base64(43)}=`,
    "",
  ],
  "a storage connection string": [
    "DefaultEndpointsProtocol=https;AccountName=rota;AccountKey=",
    `${base64(86)}==`,
    ";EndpointSuffix=core.windows.net",
  ],
  "an ADO connection string": ["Host=db;Username=rota;Password=", "hunter2", ";Database=rota"],
  "a quoted password": ["Host=db;Password='", "hunter two", "';Database=rota"],
  "a libpq connection string": ["host=db user=rota password=", "hunter2", " dbname=rota"],
  "a storage key alone": ["key ", `${base64(86)}==`, " was refused"],
  "a SAS address": ["https://rota.blob.core.windows.net/a?sv=2024&se=2026&sig=", `${base64(43)}%3D`, "&sp=r"],
  "a function key in an address": ["https://rota.example.test/api/run?code=", `${base64(40)}AzFuXyZ12w==`, ""],
  "a function key alone": ["got ", `${base64(40)}AzFuXyZ12w==`, ""],
  "an API key in a query": ["https://api.example.test/v1?q=1&api_key=", "a1b2c3d4e5", "&page=2"],
  "a bearer token": ["Authorization: Bearer ", "abc.DEF-123", ""],
  "a bearer token in small letters": ["bearer ", "0123456789abcdef0123", " was refused"],
  "basic authentication": ["sent Basic ", Buffer.from("rota:hunter2").toString("base64"), " to it"],
  "an authorization header of any scheme": ["authorization: ApiKey ", "xyz", ""],
  "a cookie": ["Cookie: session=", "abcdef; other=1", ""],
  "a JSON Web Token": [
    "token ",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "",
  ],
  "a Telegram bot's address": ["https://api.telegram.org/bot", `110201543:AA${base64(33)}`, "/sendMessage"],
  "a Telegram bot's token": ["bot token ", `110201543:AA${base64(33)}`, ""],
  "a key of a language model": ["sk-", `proj-${base64(40)}`, ""],
  "a key of a payment service": ["key sk_", `live_${base64(24)}`, ""],
  "a token of a code host": ["gh", `p_${base64(36)}`, ""],
  "a token of a chat": ["xo", "xb-1234567890-abcdefghij", ""],
  "a cloud's access key": ["AK", "IAIOSFODNN7EXAMPLE", ""],
  "a private key": ["-----BEGIN PRIVATE KEY-----\n", `MII${base64(60)}\n`, "-----END PRIVATE KEY-----"],
  "a password in JSON in a text": ['{"user":"rota","password":"', "hunter2", '"}'],
  "a token in escaped JSON": ['"{\\"access_token\\":\\"', "abc123", '\\"}"'],
  "a password after a colon": ["password: ", "hunter2", ""],
  "a setting": ["DB_PASSWORD=", "hunter2", ""],
  "a telephone number": ["call ", "+49 170 1234567", ": no answer"],
  "a telephone number for a text message": ["whatsapp:", "+14155552671", ""],
  "a telephone number's address": ["tel:", "+14155552671", ""],
  "a North American number": ["call ", "(415) 555-2671", " again"],
  "a German number": ["Telefon ", "0170 1234567", ""],
} as const;
const secrets = Object.entries(SECRETS);
const lineOf = (message: string, fields?: Record<string, unknown>) => {
  const lines: string[] = [];
  new Log(jsonLines((line) => lines.push(line))).info(message, fields);
  expect(lines).toHaveLength(1);
  return lines[0] ?? "";
};
/** What of a secret must not be seen: enough of it to tell that it is not there by chance. */
const core = (secret: string) =>
  secret
    .trim()
    .replace(/^(proj-|live_|p_|xb-|IA|MII)/, "")
    .slice(0, 20);

describe("a text", () => {
  it.each(secrets)("with %s is redacted, and the text before it stays", (_, [before, secret, after]) => {
    const clean = redactText(`${before}${secret}${after}`);
    expect(clean).not.toContain(core(secret));
    expect(clean).toContain("[redacted]");
    for (const text of [
      `It failed: ${before}${secret}${after}`,
      `(${before}${secret}${after})`,
      `a\n${before}${secret}${after}\nb`,
    ]) {
      expect(redactText(text)).not.toContain(core(secret));
    }
  });

  it.each(secrets)("with %s does not change when it is redacted again", (_, parts) => {
    const clean = redactText(parts.join(""));
    expect(redactText(clean)).toBe(clean);
  });

  it.each([
    "0198c2f0-1234-7abc-8def-0123456789ab",
    "550e8400-e29b-41d4-a716-446655440000",
    "00000000-0000-4000-8000-000000000000",
    "12345678-1234-1234-1234-123456789012",
    "2026-03-10",
    "2026-03-10T12:00:00.000Z",
    "2026-03-10T12:00:00+02:00",
    "12:30:00",
    "1234.56",
    "-1,234,567.89",
    "+1234567.89",
    "+12.5 %",
    "230000",
    "1741608000000",
    "10.0.0.12:5432",
    "0 30 16 * * MON-FRI",
    "v24.21.0",
    "5 s, then 10 s",
    "inserted=230000 skipped=17 durationMs=412",
    'duplicate key value violates unique constraint "pk_exchange_rates_date_currency"',
    "already running: run 0198c2f0-1234-7abc-8def-0123456789ab",
    "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip?5=1",
    "https://packages.example.test/@scope/package",
    "postgres://rota@localhost:5432/rota",
    "http://127.0.0.1:7071/api/admin/runs?job=sync_fx_latest&limit=50",
    "mailto:someone@example.test",
    "Basic information about the property",
    "the bearer of this letter",
    "a token was expected",
    "password: expected a text",
    "ECB_BASE_URL: expected an address that begins with https://",
    "    at async Runner.execute (file:///srv/app/shared/jobs/runner/runner.ts:200:30)",
    "Europe/Berlin",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "case 2025-001234 of parcel 14-21-305-019",
    "",
  ])("that is harmless stays: %s", (text) => {
    expect(redactText(text)).toBe(text);
  });

  it("that is long is truncated, without a secret at the cut", () => {
    // The cut falls into the password, whose @ comes after it.
    const filler = `${"rows ".repeat(6_549)}at `;
    const clean = redactText(`${filler}postgres://rota:hunter2secret@db.example.test/rota ${"x".repeat(50_000)}`);
    expect(clean.length).toBeLessThan(32_900);
    expect(clean).not.toContain("hunt");
    expect(clean).toMatch(/… \(\d+ characters\)$/);
  });
});

describe("a field", () => {
  const MASKED = {
    password: "hunter2",
    dbPassword: "hunter2",
    passphrase: "hunter2",
    pwd: "hunter2",
    secret: "hunter2",
    clientSecret: "hunter2",
    token: "hunter2",
    botToken: "hunter2",
    access_token: "hunter2",
    accesstoken: "hunter2",
    tokens: ["hunter2"],
    apiKey: "hunter2",
    "x-api-key": "hunter2",
    "x-functions-key": "hunter2",
    SharedAccessKey: "hunter2",
    accountKey: "hunter2",
    privateKey: { d: "hunter2" },
    Authorization: "hunter2",
    cookie: "hunter2",
    "set-cookie": ["hunter2"],
    credentials: { user: "rota", password: "hunter2" },
    connectionString: "hunter2",
    DATABASE_URL: "hunter2",
    signature: "hunter2",
    sig: "hunter2",
    auth: "hunter2",
    phone: "hunter2",
    phoneNumber: 491701234567,
    mobile: 491701234567,
    otp: 482913,
    emailBody: "hunter2",
    bodyHtml: "hunter2",
    body: "hunter2",
    code: "aB3dE5gH7jK9mN1pQaB3dE5g",
  };
  it.each(Object.entries(MASKED))("called %s is redacted", (name, value) => {
    expect(redact({ [name]: value })).toEqual({ [name]: "[redacted]" });
  });

  const INNOCENT = {
    key: "item-17",
    keyCount: 12,
    primaryKey: "id",
    concurrencyKey: "Cook",
    idempotencyKey: "2026-03-10/latest",
    inserted: 230_000,
    passed: 12,
    durationMs: 412,
    tokens: 512,
    maxTokens: 4_096,
    tokenUsage: 5,
    tokenCount: 7,
    promptTokens: { input: 10, output: 20 },
    tokenTtlMs: 3_600_000,
    phoneCalls: 3,
    secretaryOfState: "DE",
    tokenizer: "cl100k",
    author: "somebody",
    authority: "Cook County",
    hasPassword: true,
    tokenExpired: false,
    token: null,
    phone: "",
    automobile: "sedan",
    mobileHome: true,
    code: "23505",
    errorCode: "UND_ERR_HEADERS_TIMEOUT",
    reasonCode: "internet-sync-disabled",
    currencyCode: "USD",
    text: "no mail",
    html: "<p>",
    signatures: 2,
    amount: "1234.56",
    runId: "0198c2f0-1234-7abc-8def-0123456789ab",
    at: "2026-03-10T12:00:00.000Z",
    email: "someone@example.test",
    statusCode: 503,
  };
  it.each(Object.entries(INNOCENT))("called %s stays", (name, value) => {
    expect(redact({ [name]: value })).toEqual({ [name]: value });
  });

  it("of a mail is redacted when it is its content", () => {
    expect(redact({ to: "a@example.test", subject: "Hello", text: "Dear", html: "<p>Dear", count: 1 })).toEqual({
      to: "a@example.test",
      subject: "Hello",
      text: "[redacted]",
      html: "[redacted]",
      count: 1,
    });
  });

  it("is redacted also in a pair of name and value", () => {
    expect(
      redact([
        ["authorization", "hunter2"],
        ["accept", "text"],
      ]),
    ).toEqual([
      ["authorization", "[redacted]"],
      ["accept", "text"],
    ]);
    expect(redact({ name: "X-Api-Key", value: "hunter2" })).toEqual({ name: "X-Api-Key", value: "[redacted]" });
    expect(redact({ name: "rate", value: "1.5" })).toEqual({ name: "rate", value: "1.5" });
    expect(redact(new Map([["token", "hunter2"]]))).toEqual({ token: "[redacted]" });
  });
});

describe("a logged value", () => {
  const secret = fc.constantFrom(...secrets.map(([, parts]) => parts));
  /** Any JSON, with a hole somewhere in it. */
  const withHole = fc.letrec<{ node: (fill: unknown) => unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 5, depthSize: "small" },
      fc.constant((fill: unknown) => fill),
      fc
        .tuple(fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 3 }), tie("node"))
        .map(([others, node]) => (fill: unknown) => [...others, node(fill)]),
      fc
        .tuple(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }), fc.string(), tie("node"))
        .map(([others, name, node]) => (fill: unknown) => ({ ...others, [name]: node(fill) })),
    ),
  })).node;

  it("never contains a secret, at any depth of any JSON: as a value, in a message, as a name", () => {
    fc.assert(
      fc.property(secret, withHole, ([before, hidden, after], fill) => {
        const text = `${before}${hidden}${after}`;
        const lines = [
          lineOf("sample", { field: fill(text) }),
          lineOf(text),
          lineOf("sample", { field: fill({ [text]: 1 }) }),
          lineOf("sample", { error: new Error(text, { cause: fill(text) }) }),
          lineOf("sample", { field: fill({ password: hidden }) }),
        ];
        for (const line of lines) {
          expect(line).not.toContain(core(hidden));
          expect(() => JSON.parse(line) as unknown).not.toThrow();
        }
      }),
    );
  });

  it("of a failed query has the statement without the parameters", () => {
    const wrapper = Object.assign(
      new Error('Failed query: insert into people values ($1)\nparams: Jane Doe,"x\n    at y"'),
      {
        cause: new Error("duplicate key"),
      },
    );
    const line = lineOf("sample", { error: new Error("could not store", { cause: wrapper }) });
    expect(line).toContain("insert into people values ($1)");
    expect(line).toContain("duplicate key");
    expect(line).toContain("redact.test.ts");
    expect(line).not.toContain("Jane Doe");
    expect(line).not.toContain("    at y");
  });

  it("of an error has its name, message, stack, code, causes and aggregated errors", () => {
    const error = new AggregateError([new RangeError("one")], "several", {
      cause: Object.assign(new Error("reset"), { code: "ECONNRESET", privately: "kept" }),
    });
    expect(redact(error)).toEqual({
      name: "AggregateError",
      message: "several",
      stack: error.stack,
      errors: [expect.objectContaining({ name: "RangeError", message: "one" })],
      cause: { name: "Error", message: "reset", stack: expect.any(String) as string, code: "ECONNRESET" },
    });
  });

  it("is plain JSON for any input", () => {
    const value = {
      big: 12n,
      at: new Date("2026-03-10T12:00:00Z"),
      never: new Date(NaN),
      bytes: new Uint8Array(3),
      set: new Set(["a"]),
      map: new Map([[1, "a"]]),
      url: new URL("https://a:b@example.test/"),
      decimal: { toJSON: () => "12.50" },
      call: () => 1,
      symbol: Symbol("s"),
      nan: NaN,
    };
    expect(redact(value)).toEqual({
      big: "12",
      at: "2026-03-10T12:00:00.000Z",
      never: "invalid date",
      bytes: "[3 bytes]",
      set: ["a"],
      map: { 1: "a" },
      url: "https://a:[redacted]@example.test/",
      decimal: "12.50",
      call: "[function]",
      symbol: "[symbol]",
      nan: "NaN",
    });
  });

  it("is bounded: in depth, in width, in a cycle, in an often shared object", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(redact(cycle)).toEqual({ self: "[circular]" });
    const twice = { n: 1 };
    expect(redact([twice, twice])).toEqual([twice, twice]);
    expect(redact(Array.from({ length: 250 }, (_, n) => n))).toHaveLength(101);
    expect((redact(Array.from({ length: 250 }, (_, n) => n)) as unknown[]).at(-1)).toBe("… and 150 more");
    let shared: unknown = ["leaf".repeat(100)];
    for (let i = 0; i < 5; i++) shared = Array.from({ length: 90 }, () => shared);
    expect(JSON.stringify(redact(shared)).length).toBeLessThan(1_000_000);
    const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`field${n}`, n]));
    expect(JSON.stringify(redact(wide)).length).toBeLessThan(1_000_000);
  });

  it("accepts other limits, as the admin API needs", () => {
    const list = Array.from({ length: 250 }, (_, n) => n);
    expect(redact({ list }, { items: 1_000 })).toEqual({ list });
    expect(redact("x".repeat(50_000), { text: 100_000 })).toHaveLength(50_000);
  });
});

describe("hostile values", () => {
  const thrower = () => {
    throw new Error("no");
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const looping: Record<string, unknown> = {};
  looping.toJSON = () => looping;
  const endless = () => ({ toJSON: endless });

  it.each([
    [
      "a getter that throws",
      {
        get bad() {
          return thrower();
        },
      },
    ],
    ["a revoked proxy", revoked.proxy],
    ["a proxy that throws", new Proxy({}, { ownKeys: thrower, get: thrower, has: thrower, getPrototypeOf: thrower })],
    ["a toJSON that throws", { toJSON: thrower }],
    ["a toJSON that never ends", endless()],
    ["a toJSON that is itself", looping],
    ["an error that cannot be read", Object.defineProperty(new Error("x"), "message", { get: thrower })],
    ["an error with a name that is none", Object.assign(new Error("x"), { name: { toString: thrower } })],
    ["a map with a key that has no text", new Map([[Object.create(null), 1]])],
    ["an object without prototype", Object.assign(Object.create(null) as object, { a: 1 })],
    ["a name that is __proto__", JSON.parse('{"__proto__":{"password":"hunter2"}}')],
  ])("%s never make logging throw or lose the message", (_, value) => {
    const line = lineOf("It happened", { before: 1, value });
    expect(JSON.parse(line)).toMatchObject({ level: "info", message: "It happened", before: 1 });
    expect(line).not.toContain("hunter2");
    const whole = lineOf("It happened", value as Record<string, unknown>);
    expect(JSON.parse(whole)).toMatchObject({ message: "It happened" });
  });

  it("of any kind become a line of JSON", () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withNullPrototype: true,
          withTypedArray: true,
          withSparseArray: true,
          stringUnit: "binary",
          maxDepth: 3,
        }),
        (value) => {
          const line = lineOf("sample", { value });
          expect(line.endsWith("\n")).toBe(true);
          expect(line.slice(0, -1)).not.toContain("\n");
          JSON.parse(line);
        },
      ),
    );
  });
});

/** No measurement: a pattern that is not linear takes minutes for these texts, one that is takes milliseconds. */
describe("time", () => {
  const seeds = [
    "a",
    "a.",
    "eyJ",
    "_eyJ",
    "-eyJ-",
    "eyJaaaaaaaa.",
    ":",
    "://",
    "a://",
    "a://a:",
    "postgres://",
    "postgres://a:",
    "https://a",
    "+1 ",
    "+1",
    "1-",
    "0123/",
    "(1",
    '"',
    "'",
    '\\"',
    '"password"',
    '"password":"',
    "token",
    "token: ",
    "token=",
    "sig=",
    "Bearer ",
    "Basic ",
    "a1",
    "=",
    "-----BEGIN PRIVATE KEY-----",
    "authorization: ",
    "AzFu",
    "aAzFu",
    "123456:",
    "sk-",
    "password: ",
    "00 ",
    "0049 ",
    "@",
    " ",
    "1 2 ",
    "&code=",
    "?key=",
  ];
  it.each(seeds)("is linear in a text of %j", (seed) => {
    const text = seed.repeat(Math.ceil(1_000_000 / seed.length));
    const begin = process.cpuUsage();
    redactText(text, Infinity);
    expect(process.cpuUsage(begin).user / 1_000).toBeLessThan(20_000);
  });

  it("is short for a megabyte, which is truncated first", () => {
    expect(redactText("a1 ".repeat(400_000)).length).toBeLessThan(33_000);
  });
});
