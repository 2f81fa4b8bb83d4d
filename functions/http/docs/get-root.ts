import { z } from "zod";
import { defineRoute } from "#http/route.ts";

/** Leads a browser from the app's address to the page of its API. Parameters of the request are dropped. */
export const getRoot = defineRoute({
  method: "GET",
  path: "",
  access: "open",
  summary: "Redirects to the page of this API",
  params: z.looseObject({}),
  query: z.looseObject({}),
  response: null,
  redirects: true,
  handle: async () => ({ status: 302, headers: { location: "/api/docs" } }),
});
