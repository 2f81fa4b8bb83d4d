import { describe, expect, it } from "vitest";
import { z } from "zod";
import { routes } from "#functions/index.ts";
import { openApi, operationId } from "#http/openapi.ts";
import { defineRoute } from "#http/route.ts";
import { openApiFaults } from "./openapi-rules.ts";

const title = { title: "Rota", version: "1.0.0" };

describe("the OpenAPI document", () => {
  it("follows the rules of OpenAPI 3.1 and has every route", () => {
    const document = JSON.parse(JSON.stringify(openApi(routes, title))) as ReturnType<typeof openApi>;
    expect(openApiFaults(document)).toEqual([]);
    const described = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path.slice(1)}`),
    );
    expect(described.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it("describes parameters, body, responses and access of a route", () => {
    const route = defineRoute({
      method: "POST",
      path: "api/admin/things/{id}",
      access: "operator",
      summary: "Change a thing",
      idempotent: true,
      params: z.object({ id: z.uuid() }),
      query: z.strictObject({ wait: z.coerce.number().int().min(0).max(9).default(3) }),
      body: z.strictObject({ name: z.string(), note: z.string().optional() }),
      response: z.object({ id: z.uuid(), name: z.string() }),
      handle: async () => ({}),
    });
    const { paths } = openApi([route], title);
    expect(paths["/api/admin/things/{id}"]!.post).toMatchObject({
      operationId: "postAdminThingsById",
      tags: ["things"],
      description: "For operators.",
      parameters: [
        { name: "id", in: "path", required: true, schema: { type: "string", format: "uuid" } },
        { name: "wait", in: "query", required: false, schema: { type: "integer", minimum: 0, maximum: 9, default: 3 } },
        { name: "Idempotency-Key", in: "header", required: false },
      ],
      requestBody: { required: true, content: { "application/json": { schema: { required: ["name"] } } } },
      responses: {
        "2XX": { content: { "application/json": { schema: { required: ["id", "name"] } } } },
        400: {},
        401: {},
        403: {},
        404: {},
        411: {},
        413: {},
        415: {},
        default: { $ref: "#/components/responses/Problem" },
      },
      security: [{ key: [] }, { keyInQuery: [] }, { entra: [] }],
    });
  });

  it("describes a redirect as one", () => {
    const route = defineRoute({
      method: "GET",
      path: "",
      access: "open",
      summary: "Lead on",
      redirects: true,
      handle: async () => ({ status: 302 }),
    });
    const { operationId: name, responses } = openApi([route], title).paths["/"]!.get as Record<string, object>;
    expect(name).toBe("getRoot");
    expect(Object.keys(responses!)).toEqual(["302", "503", "default"]);
  });

  it("names operations by method and path", () => {
    expect(operationId({ method: "GET", path: "api/v1/exchange-rates/{id}/days" })).toBe("getV1ExchangeRatesByIdDays");
  });

  it("is checked by rules that find faults", () => {
    const route = defineRoute({
      method: "GET",
      path: "api/a/{id}",
      access: "open",
      summary: "",
      params: z.object({ other: z.string() }),
      handle: async () => ({}),
    });
    expect(openApiFaults(openApi([route], title))).toEqual([
      "get /api/a/{id}: path parameters id are not all described",
    ]);
    const twice = openApi([route], title).paths["/api/a/{id}"]!;
    const broken = { ...openApi(routes, title), openapi: "3.0.0", extra: 1, paths: { "/x": twice, "/y": twice } };
    expect(openApiFaults(broken)).toEqual(
      expect.arrayContaining([
        "#: extra is no field of a document",
        "openapi: expected 3.1.x, got 3.0.0",
        "get /y: operationId getAById comes twice",
        "get /y: tag a is not declared",
      ]),
    );
  });
});
