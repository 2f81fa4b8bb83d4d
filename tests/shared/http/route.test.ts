import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { defineRoute } from "#http/route.ts";

const common = { method: "POST", path: "api/things", access: "open", summary: "A sample" } as const;
const handle = async () => ({ json: {} });

describe("a route", () => {
  it("accepts only the parts that it declares", () => {
    const route = defineRoute({ ...common, handle });
    expect(route.body).toBeNull();
    expect(route.params.safeParse({ id: "1" }).success).toBe(false);
    expect(route.query.safeParse({ limit: "1" }).success).toBe(false);
    expect(route.query.safeParse({}).success).toBe(true);
  });

  it("gives its handler the types of its schemas", () => {
    defineRoute({
      ...common,
      path: "api/things/{id}",
      params: z.object({ id: z.uuid() }),
      query: z.strictObject({ limit: z.coerce.number().default(5) }),
      body: z.strictObject({ at: z.iso.date().transform((date) => new Date(date)) }),
      handle: async ({ params, query, body }) => {
        expectTypeOf(params).toEqualTypeOf<{ id: string }>();
        expectTypeOf(query).toEqualTypeOf<{ limit: number }>();
        expectTypeOf(body).toEqualTypeOf<{ at: Date }>();
        return {};
      },
    });
    defineRoute({
      ...common,
      handle: async ({ body }) => {
        expectTypeOf(body).toBeNull();
        return {};
      },
    });
  });

  it.each([
    ["/api/things", /without leading slash/],
    ["admin", /belong to the Functions host/],
    ["admin/jobs", /belong to the Functions host/],
    ["Runtime/webhooks", /belong to the Functions host/],
    ["administration", /belong to the Functions host/],
  ])("with the path %s is refused at its definition", (path, fault) => {
    expect(() => defineRoute({ ...common, path, handle })).toThrow(fault);
    expect(() => defineRoute({ ...common, path, handle })).toThrow(`route POST ${path}: expected`);
  });

  it("with a path parameter needs a schema for it", () => {
    expect(() => defineRoute({ ...common, path: "api/things/{id}", handle })).toThrow(/expected params/);
  });

  it("of method GET has no body", () => {
    expect(() => defineRoute({ ...common, method: "GET", body: z.object({}), handle })).toThrow(/expected no body/);
  });

  it("is a value: defining it does not change the options", () => {
    const options = Object.freeze({ ...common, handle });
    expect(defineRoute(options)).toMatchObject(common);
  });
});
