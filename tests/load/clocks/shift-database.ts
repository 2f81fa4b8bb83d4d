import postgres from "postgres";

/**
 * Shifts the clock of a database for all later connections: its functions of the same names come before those of
 * PostgreSQL. Column defaults take them too, so call it before the migrations.
 */
export async function shiftDatabase(url: string, ms: number): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    const database = new URL(url).pathname.slice(1);
    await sql.unsafe(`
      create schema shifted;
      create function shifted.now() returns timestamptz language sql stable
        as $$ select pg_catalog.now() + interval '${ms} ms' $$;
      create function shifted.clock_timestamp() returns timestamptz language sql volatile
        as $$ select pg_catalog.clock_timestamp() + interval '${ms} ms' $$;
      alter database "${database}" set search_path = shifted, pg_catalog, public;`);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
