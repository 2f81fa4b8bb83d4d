import { duration, type Setting, text, url, whole } from "./setting.ts";

/** Documents, and the language model that writes their passages and extracts knowledge. */
export const DOCUMENT_SETTINGS = {
  TEMP_DIRECTORY: text({
    about:
      "Directory for temporary files of documents. The app deletes files there that are older than a day. Default: rota-documents in the system's temporary directory.",
  }),
  DOCUMENTS_ARCHIVE_DAYS: whole(1, 36_500, {
    about: "Age in days at which a document's files move to cold storage, where they stay readable.",
    fallback: "180",
  }),
  LLM_BASE_URL: url(["https", "http"], {
    about:
      "OpenAI-compatible API of the language model that writes passages of documents and extracts knowledge from messages: https://api.openai.com/v1, or https://<resource>.openai.azure.com/openai/v1/. Without it documents contain the templates' own texts, and messages are read by rules.",
  }),
  LLM_API_KEY: text({ about: "Key of the language model's API.", secret: true }),
  LLM_MODEL: text({ about: "Name of the language model; on Azure the name of the deployment." }),
  LLM_TIMEOUT: duration("1ms", "1h", { about: "Timeout of one request to the language model.", fallback: "2m" }),
} satisfies Record<string, Setting<unknown>>;

/** A language model without its key or name cannot be called. */
export function documentFaults(values: Readonly<Record<string, unknown>>): string[] {
  if (!values.LLM_BASE_URL) return [];
  return ["LLM_API_KEY", "LLM_MODEL"].flatMap((name) =>
    values[name] ? [] : [`${name} is missing: LLM_BASE_URL needs it`],
  );
}
