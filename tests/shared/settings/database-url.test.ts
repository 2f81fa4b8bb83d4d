import { describe, expect, it } from "vitest";
import { defaultTls } from "#settings/database-settings.ts";
import { tlsOfDatabaseUrl, usableDatabaseUrl } from "#settings/database-url.ts";

const BASE = "postgres://user:p%40ss@db.example.test:5432/rota";

describe("an address", () => {
  it("without options stays as it was written", () => {
    for (const url of [BASE, "postgres://localhost/rota", `${BASE}?`]) expect(usableDatabaseUrl(url)).toBe(url);
  });

  it("keeps the options that the driver follows", () => {
    const url = `${BASE}?application_name=other&options=-c%20work_mem%3D64MB`;
    expect(usableDatabaseUrl(url)).toBe(url);
  });

  it.each([
    "sslmode=require",
    "sslmode=verify-full&channel_binding=require",
    "connect_timeout=10",
    "gssencmode=disable",
    "keepalives=1&keepalives_idle=30",
    "sslrootcert=system",
    "client_encoding=UTF8",
    "client_encoding=auto",
  ])("loses %s, which the server would refuse as a parameter", (options) => {
    expect(usableDatabaseUrl(`${BASE}?${options}`)).toBe(BASE);
  });

  it("keeps its other options when some are lost", () => {
    expect(usableDatabaseUrl(`${BASE}?sslmode=require&application_name=other`)).toBe(`${BASE}?application_name=other`);
  });

  it.each([
    ["pgbouncer=true", 'an address without the option "pgbouncer": set DATABASE_PREPARE to false'],
    ["statement_timeout=5000", 'an address without the option "statement_timeout": set DATABASE_STATEMENT_LIMIT'],
    ["sslrootcert=/etc/ca.pem", "set NODE_EXTRA_CA_CERTS"],
    ["client_encoding=LATIN1", '"client_encoding" is none of them'],
    ["aplication_name=typo", '"aplication_name" is none of them'],
  ])("with %s is refused, with what works instead", (option, message) => {
    expect(() => usableDatabaseUrl(`${BASE}?${option}`)).toThrow(message);
  });

  it("with an option that has the name of an object's own property is refused", () => {
    expect(() => usableDatabaseUrl(`${BASE}?constructor=1`)).toThrow('"constructor" is none of them');
  });

  it("shows no password when it is refused", () => {
    expect(() => usableDatabaseUrl(`${BASE}?password=hunter2`)).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/hunter2|p%40ss/) as string }) as Error,
    );
  });
});

describe("the encryption of an address", () => {
  it.each([
    ["disable", "disable"],
    ["require", "require"],
    ["verify-ca", "verify"],
    ["verify-full", "verify"],
    ["allow", undefined],
    ["prefer", undefined],
    ["constructor", undefined],
  ])("with sslmode=%s is %s", (mode, tls) => {
    expect(tlsOfDatabaseUrl(`${BASE}?sslmode=${mode}`)).toBe(tls);
  });

  it("is open without sslmode, and for a text that is no address", () => {
    expect(tlsOfDatabaseUrl(BASE)).toBeUndefined();
    expect(tlsOfDatabaseUrl("no address")).toBeUndefined();
  });

  it("defaults to verify, and on loopback to disable", () => {
    expect(defaultTls(BASE)).toBe("verify");
    expect(defaultTls("postgres://localhost/rota")).toBe("disable");
    expect(defaultTls("postgres://localhost/rota?sslmode=require")).toBe("require");
  });
});
