import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Access, checkerOf } from "#http/access-policy.ts";
import { identifyCaller } from "#http/caller.ts";
import { Problem } from "#http/problem.ts";
import type { Protection } from "#settings/config.ts";
import { principalHeader } from "./principals.ts";

const operatorKey = "operator-key-operator-key-operator-key";
const viewerKey = "viewer-key-viewer-key-viewer-key-viewer";
const none: Protection = { easyAuth: false, hostChecksKeys: true };
const byKeys: Protection = { ...none, operatorKey, viewerKey };
const byEasyAuth: Protection = { ...none, easyAuth: true };

interface Ask {
  readonly method?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The name of the caller, or the status of the refusal. */
function ask(access: Access, protection: Protection, { method = "GET", query = "", headers = {} }: Ask = {}) {
  const header = (name: string) => headers[name] ?? null;
  try {
    return identifyCaller(access, { method, header, query: new URLSearchParams(query) }, protection).name;
  } catch (error) {
    if (error instanceof Problem) return error.status;
    throw error;
  }
}

const key = (value: string): Ask => ({ headers: { "x-functions-key": value } });
const principal = (roles: readonly string[], rest: Ask = {}): Ask => ({
  ...rest,
  headers: { "x-ms-client-principal": principalHeader(roles), ...rest.headers },
});

describe("the checker of callers", () => {
  it("is the host while no setting has a key, then the app; function keys for machines stay with the host", () => {
    expect(checkerOf("operator", none)).toBe("host");
    expect([byKeys, byEasyAuth, { ...none, viewerKey }].map((by) => checkerOf("viewer", by))).toEqual([
      "app",
      "app",
      "app",
    ]);
    expect([none, byKeys, byEasyAuth].map((by) => checkerOf("key", by))).toEqual(["host", "host", "host"]);
    expect(checkerOf("open", byKeys)).toBe("none");
  });

  it("is the app where the host checks nothing, and it refuses callers when no key is set", () => {
    const development = { ...none, hostChecksKeys: false };
    for (const access of ["key", "viewer", "operator"] as const) {
      expect(ask(access, development)).toBe(401);
      expect(ask(access, development, key("whatever-it-is-it-is-not-known-here"))).toBe(401);
      expect(ask(access, { ...development, operatorKey }, key(operatorKey))).toBe("operator key");
    }
    expect(ask("open", development)).toBe("anyone");
  });
});

describe("a key", () => {
  it("grants its role, in the header or in the query", () => {
    expect(ask("operator", byKeys, key(operatorKey))).toBe("operator key");
    expect(ask("viewer", byKeys, key(operatorKey))).toBe("operator key");
    expect(ask("viewer", byKeys, key(viewerKey))).toBe("viewer key");
    expect(ask("operator", byKeys, key(viewerKey))).toBe(403);
    expect(ask("operator", byKeys, { query: `code=${operatorKey}` })).toBe("operator key");
    expect(ask("operator", byKeys, { method: "POST", ...key(operatorKey) }), "no cookie, no forgery").toBe(
      "operator key",
    );
  });

  it("that is absent, wrong, empty or a part of the right one is 401", () => {
    expect(ask("viewer", byKeys)).toBe(401);
    for (const wrong of ["", "x", operatorKey.slice(0, -1), `${operatorKey} `, operatorKey.toUpperCase()]) {
      expect(ask("viewer", byKeys, key(wrong)), wrong).toBe(401);
    }
    expect(ask("viewer", byEasyAuth, key("")), "no key is set, so none fits").toBe(401);
  });

  it("in the header takes precedence over one in the query", () => {
    expect(ask("viewer", byKeys, { ...key("wrong"), query: `code=${operatorKey}` })).toBe(401);
  });

  it("that is wrong is 401, even with a principal", () => {
    const { headers } = principal(["rota.operator"]);
    expect(ask("viewer", { ...byKeys, easyAuth: true }, { headers: { ...headers, ...key("wrong").headers } })).toBe(
      401,
    );
  });
});

describe("a principal", () => {
  it("grants its app role", () => {
    expect(ask("viewer", byEasyAuth, principal(["rota.viewer"]))).toBe("entra:ada@example.org");
    expect(ask("viewer", byEasyAuth, principal(["rota.operator"]))).toBe("entra:ada@example.org");
    expect(ask("operator", byEasyAuth, principal(["rota.viewer"]))).toBe(403);
    expect(ask("viewer", byEasyAuth, principal([]))).toBe(403);
    expect(ask("viewer", byEasyAuth, principal(["rota.admin", "ROTA.VIEWER"]))).toBe(403);
  });

  it("is ignored where Easy Auth is off, since it can be forged", () => {
    for (const access of ["viewer", "operator"] as const) {
      expect(ask(access, byKeys, principal(["rota.operator"]))).toBe(401);
    }
  });

  it("cannot call routes for machines", () => {
    const development = { ...byEasyAuth, hostChecksKeys: false, operatorKey };
    expect(ask("key", development, principal(["rota.operator"]))).toBe(401);
  });

  it("that is malformed or from another provider is 401", () => {
    const github = principalHeader(["rota.operator"], { auth_typ: "github" });
    const odd = [
      github,
      "",
      "!!",
      Buffer.from("[]").toString("base64"),
      Buffer.from('{"claims":1}').toString("base64"),
    ];
    for (const header of odd) {
      expect(ask("viewer", byEasyAuth, { headers: { "x-ms-client-principal": header } }), header).toBe(401);
    }
  });

  it("may change data only from the app's pages, or with a header that other sites cannot send", () => {
    const change = (headers: Record<string, string>) =>
      ask(
        "operator",
        byEasyAuth,
        principal(["rota.operator"], { method: "POST", headers: { host: "rota.example.org", ...headers } }),
      );
    expect(change({})).toBe(403);
    expect(change({ origin: "https://evil.example.org" })).toBe(403);
    expect(change({ origin: "null" })).toBe(403);
    expect(change({ origin: "https://rota.example.org.evil.org" })).toBe(403);
    expect(change({ origin: "https://rota.example.org" })).toBe("entra:ada@example.org");
    expect(change({ "x-rota-request": "1" })).toBe("entra:ada@example.org");
  });
});

describe("all combinations", () => {
  const credentials = fc.record(
    {
      "x-functions-key": fc.constantFrom(operatorKey, viewerKey, "", "a-wrong-key"),
      "x-ms-client-principal": fc.oneof(
        fc.constantFrom(principalHeader(["rota.operator"]), principalHeader(["rota.viewer"]), principalHeader([])),
        fc.string(),
      ),
      origin: fc.constantFrom("https://rota.example.org", "https://evil.example.org"),
      host: fc.constant("rota.example.org"),
    },
    { requiredKeys: [] },
  );
  const protection = fc.record({
    operatorKey: fc.constantFrom(operatorKey, undefined),
    viewerKey: fc.constantFrom(viewerKey, undefined),
    easyAuth: fc.boolean(),
    hostChecksKeys: fc.boolean(),
  });

  it("let a caller whom the app checks pass only with a key of the app or a trusted principal", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Access>("key", "viewer", "operator"),
        protection,
        credentials,
        fc.constantFrom("GET", "HEAD", "POST", "DELETE"),
        (access, by, headers, method) => {
          if (checkerOf(access, by) !== "app") return;
          const answer = ask(access, by, { method, headers });
          if (typeof answer === "number") {
            expect([401, 403]).toContain(answer);
            return;
          }
          const given = headers["x-functions-key"];
          const byKey =
            given !== undefined && given !== "" && [by.operatorKey, by.viewerKey].some((ours) => ours === given);
          const byPrincipal = given === undefined && by.easyAuth && headers["x-ms-client-principal"] !== undefined;
          expect(byKey || byPrincipal).toBe(true);
          if (access !== "viewer") expect(answer).not.toBe("viewer key");
          if (byPrincipal && method !== "GET" && method !== "HEAD")
            expect(headers.origin).toBe("https://rota.example.org");
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
