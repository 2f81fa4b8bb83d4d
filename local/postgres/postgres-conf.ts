/**
 * Settings for a laptop that also runs an editor and a browser. Time zone, encoding and durability are those of the
 * cloud database, so that a query has the same result in both.
 */
const DEFAULTS: Record<string, string> = {
  max_connections: "100",
  shared_buffers: "128MB",
  work_mem: "16MB",
  maintenance_work_mem: "256MB",
  effective_cache_size: "1GB",
  max_wal_size: "2GB",
  random_page_cost: "1.1",
  fsync: "on",
  timezone: "UTC",
  log_timezone: "UTC",
  lc_messages: "C",
  default_text_search_config: "pg_catalog.english",
  log_checkpoints: "off",
  log_line_prefix: "%m [%p] ",
  // Ends the statement of a killed client after two seconds, and releases its locks.
  client_connection_check_interval: "2s",
};

/** The text of postgresql.conf: the caller's settings over the defaults. The server always listens on loopback only. */
export function postgresConf(port: number, settings: Record<string, string> = {}): string {
  const effective = {
    ...DEFAULTS,
    ...settings,
    listen_addresses: "127.0.0.1",
    port: `${port}`,
    unix_socket_directories: "",
  };
  return [
    "# Rewritten at every start: pass settings to startPostgres instead of editing this file.",
    ...Object.entries(effective).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`),
    "",
  ].join("\n");
}
