import type { CallPolicy } from "#jobs/call-policy.ts";
import type { Config } from "#settings/config.ts";
import { type Llm, openLlm } from "./llm.ts";

/** The language model of the settings. Null: none is configured, or the internet is switched off. */
export function configuredLlm(settings: Config, policy?: CallPolicy): Llm | null {
  const { LLM_BASE_URL: baseUrl, LLM_API_KEY: apiKey, LLM_MODEL: model, LLM_TIMEOUT: timeoutMs } = settings;
  return settings.ALLOW_INTERNET_SYNC && baseUrl && apiKey && model
    ? openLlm({ baseUrl, apiKey, model, timeoutMs, policy, prices: settings.LLM_PRICES })
    : null;
}
