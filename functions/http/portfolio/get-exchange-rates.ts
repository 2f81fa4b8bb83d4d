import { defineRoute } from "../../../shared/http/route.ts";

export const getExchangeRates = defineRoute({
  method: "GET",
  path: "api/v1/exchange-rates",
  access: "key",
  summary: "",
  handle: async () => ({ json: {} }),
});
