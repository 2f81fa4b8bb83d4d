import { z } from "zod";
import type { App } from "#app";
import { openApi } from "#http/openapi.ts";
import { defineRoute } from "#http/route.ts";

export const getOpenApi = defineRoute({
  method: "GET",
  path: "api/openapi.json",
  access: "viewer",
  summary: "This API as OpenAPI 3.1, made of the schemas that requests are checked with",
  response: z.looseObject({ openapi: z.literal("3.1.1"), paths: z.record(z.string(), z.unknown()) }),
  async handle({ app }) {
    const text = written.get(app) ?? describe(app);
    written.set(app, text);
    return { text: await text };
  },
});

/** It is the same for the life of an app. */
const written = new WeakMap<App, Promise<string>>();

async function describe(app: App): Promise<string> {
  return JSON.stringify(openApi(await app.routes(), { title: "Rota", version: "1.0.0" }));
}
