import postgres from "postgres";

/** Every row of every table of a database, and where its sequences stand, as text that can be compared. */
export async function everything(url: string): Promise<Record<string, unknown>> {
  const sql = postgres(url, { max: 1 });
  try {
    const tables = await sql<{ name: string; kind: string }[]>`
      select quote_ident(schemaname) || '.' || quote_ident(tablename) as name, 'table' as kind from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema') and schemaname <> 'platform_migrations'
      union all
      select quote_ident(schemaname) || '.' || quote_ident(sequencename), 'sequence' from pg_sequences
       where schemaname <> 'platform_migrations'`;
    const found: Record<string, unknown> = {};
    for (const { name, kind } of tables) {
      const rows =
        kind === "table"
          ? await sql.unsafe<{ row: string }[]>(`select t::text as row from ${name} as t order by 1`)
          : await sql.unsafe<{ row: string }[]>(`select last_value || ' ' || is_called as row from ${name}`);
      found[name] = rows.map(({ row }) => row);
    }
    found.migrations = (await sql`select hash from platform_migrations.__drizzle_migrations order by created_at`).map(
      ({ hash }) => String(hash),
    );
    return found;
  } finally {
    await sql.end();
  }
}
