import { z } from "zod";
import type { App } from "#http/app-services.ts";
import { openApi } from "#http/openapi.ts";
import { defineRoute } from "#http/route.ts";

export const getOpenApi = defineRoute({
  method: "GET",
  path: "api/openapi.json",
  access: "viewer",
  summary: "This API as OpenAPI 3.1, from the schemas that check its requests",
  response: z.looseObject({ openapi: z.literal("3.1.1"), paths: z.record(z.string(), z.unknown()) }),
  async handle({ app }) {
    const text = documents.get(app) ?? describe(app);
    documents.set(app, text);
    return { text: await text };
  },
});

/** Constant for the life of an app. */
const documents = new WeakMap<App, Promise<string>>();

async function describe(app: App): Promise<string> {
  return JSON.stringify(openApi(await app.routes(), { title: "Rota", version: "1.0.0" }));
}
