import { accessKey, type Setting } from "./setting.ts";

/** The keys of the admin API. */
export const ACCESS_SETTINGS = {
  ROTA_OPERATOR_KEY: accessKey({
    about:
      "Key that opens the admin API for changes. Without this and the next one the host's function keys do, and no browser comes in.",
    secret: true,
  }),
  ROTA_VIEWER_KEY: accessKey({ about: "Key that opens the admin API for looking.", secret: true }),
} satisfies Record<string, Setting<unknown>>;

/** One key cannot open two roles. */
export function accessFaults({ ROTA_OPERATOR_KEY, ROTA_VIEWER_KEY }: Readonly<Record<string, unknown>>): string[] {
  if (ROTA_OPERATOR_KEY === undefined || ROTA_OPERATOR_KEY !== ROTA_VIEWER_KEY) return [];
  return ["ROTA_VIEWER_KEY: expected another key than ROTA_OPERATOR_KEY, which opens more"];
}
