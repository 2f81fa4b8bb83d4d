import type { z } from "zod";
import type { OutboundResponse } from "#jobs/outbound-client.ts";
import { ProviderError } from "./provider-error.ts";

/**
 * The JSON of a response, checked.
 * @throws ProviderError of class `validation` that names the first field that is not as expected; `transient` for a
 *   body that is no JSON, as of a proxy
 */
export async function providerAnswer<Schema extends z.ZodType>(
  provider: string,
  response: Pick<OutboundResponse, "text" | "url">,
  schema: Schema,
): Promise<z.output<Schema>> {
  const { url } = response;
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ProviderError(`${provider} answered with a body that is not JSON: ${url}`, {
      provider,
      url,
      errorClass: "transient",
    });
  }
  return checkedAnswer(provider, json, schema, url);
}

/** An answer whose fields are checked. @throws ProviderError of class `validation` */
export function checkedAnswer<Schema extends z.ZodType>(
  provider: string,
  json: unknown,
  schema: Schema,
  url?: string,
): z.output<Schema> {
  const read = schema.safeParse(json);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const field = issue?.path.join(".") || "body";
  const sentence = `${provider} answered in an unknown format: ${field}: ${issue?.message ?? "invalid"}${url ? ` (${url})` : ""}`;
  throw new ProviderError(sentence, { provider, url, errorClass: "validation" });
}
