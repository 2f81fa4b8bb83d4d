import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: "./shared/data/*/*-schema.ts",
  out: "./shared/data/migrations",
  // PostgreSQL runs a whole file in one transaction, so a migration needs no markers between its statements.
  breakpoints: false,
});
