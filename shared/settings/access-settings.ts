import { accessKey, type Setting } from "./setting.ts";

/** The keys of the admin API. */
export const ACCESS_SETTINGS = {
  ROTA_OPERATOR_KEY: accessKey({
    about:
      "Key of the role operator, which may change things through the admin API. Without ROTA_OPERATOR_KEY and ROTA_VIEWER_KEY the host's function keys open the API, and browsers have no access.",
    secret: true,
  }),
  ROTA_VIEWER_KEY: accessKey({ about: "Key of the role viewer, which may read the admin API.", secret: true }),
} satisfies Record<string, Setting<unknown>>;

/** One key cannot open two roles. */
export function accessFaults({ ROTA_OPERATOR_KEY, ROTA_VIEWER_KEY }: Readonly<Record<string, unknown>>): string[] {
  if (ROTA_OPERATOR_KEY === undefined || ROTA_OPERATOR_KEY !== ROTA_VIEWER_KEY) return [];
  return ["ROTA_VIEWER_KEY: expected another key than ROTA_OPERATOR_KEY, which opens more"];
}
