/** Options that say something to libpq or to the server and that the driver sends or follows itself. */
const KEPT: ReadonlySet<string> = new Set(["application_name", "options", "target_session_attrs"]);

/** Options of libpq without a meaning here: the app has its own timeouts and keepalives, or none of the thing. */
const IGNORED: ReadonlySet<string> = new Set([
  "channel_binding",
  "connect_timeout",
  "fallback_application_name",
  "gssdelegation",
  "gssencmode",
  "gsslib",
  "keepalives",
  "keepalives_count",
  "keepalives_idle",
  "keepalives_interval",
  "krbsrvname",
  "load_balance_hosts",
  "replication",
  "sslcompression",
  "sslmode",
  "sslsni",
  "tcp_user_timeout",
]);

/** Options that cannot work here, and what works instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  schema: "leave it out, Rota's schemas have fixed names",
  search_path: "leave it out, Rota's schemas have fixed names",
  pgbouncer: "set DATABASE_PREPARE to false",
  connection_limit: "set DATABASE_POOL_MAX",
  statement_timeout: "set DATABASE_STATEMENT_LIMIT",
  lock_timeout: "set DATABASE_LOCK_TIMEOUT",
  sslrootcert: "set NODE_EXTRA_CA_CERTS to the certificate's file",
  ssl: "set DATABASE_TLS",
  host: "write the host in the address",
  hostaddr: "write the host in the address",
  port: "write the port in the address",
  user: "write the user in the address",
  password: "write the password in the address",
  dbname: "write the database in the address",
};

const SSL_MODES: Readonly<Record<string, "disable" | "require" | "verify" | undefined>> = {
  disable: "disable",
  require: "require",
  "verify-ca": "verify",
  "verify-full": "verify",
};

/**
 * The address of a database without the options that the driver would send to the server as parameters, which then
 * refuses every connection.
 * @throws Error whose message is what was expected
 */
export function usableDatabaseUrl(value: string): string {
  const url = new URL(value);
  for (const [name, given] of [...url.searchParams]) {
    const isSystemCertificate = name === "sslrootcert" && given === "system";
    const isUtf8 = name === "client_encoding" && /^(auto|utf-?8)$/i.test(given);
    if (IGNORED.has(name) || isSystemCertificate || isUtf8) url.searchParams.delete(name);
    else if (!KEPT.has(name)) {
      const known = [...KEPT, ...IGNORED].sort().join(", ");
      throw new Error(
        Object.hasOwn(INSTEAD, name)
          ? `an address without the option ${JSON.stringify(name)}: ${INSTEAD[name]}`
          : `an address with options out of ${known}; ${JSON.stringify(name)} is none of them`,
      );
    }
  }
  return url.href === new URL(value).href ? value : url.href;
}

/** What `sslmode` of an address asks for; undefined without one, and for `allow` and `prefer`. */
export function tlsOfDatabaseUrl(value: string): "disable" | "require" | "verify" | undefined {
  if (!URL.canParse(value)) return undefined;
  const mode = new URL(value).searchParams.get("sslmode");
  return mode !== null && Object.hasOwn(SSL_MODES, mode) ? SSL_MODES[mode] : undefined;
}
