import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: ["./shared/data/*/schema.ts", "./shared/data/*/*-schema.ts"],
  out: "./shared/data/migrations",
});
