import { duration, text, url, whole, type Setting } from "./setting.ts";

/** Documents and the language model that writes their passages. */
export const DOCUMENT_SETTINGS = {
  TEMP_DIRECTORY: text({
    about:
      "A directory of the app's own for temporary files of documents; what is older than a day in it is deleted. Default: rota-documents in the system's directory for such files.",
  }),
  DOCUMENTS_ARCHIVE_DAYS: whole(1, 36_500, {
    about: "Days after which a document's files move to cold storage, where they stay readable.",
    fallback: "180",
  }),
  LLM_BASE_URL: url(["https", "http"], {
    about:
      "API of a language model that writes the passages of documents, in OpenAI's form: https://api.openai.com/v1, or https://<resource>.openai.azure.com/openai/v1/. Without it the templates' own texts stand there.",
  }),
  LLM_API_KEY: text({ about: "Key of that API.", secret: true }),
  LLM_MODEL: text({ about: "Name of the model there; on Azure of the deployment." }),
  LLM_TIMEOUT: duration("1ms", "1h", { about: "Longest wait for an answer of the model.", fallback: "2m" }),
} satisfies Record<string, Setting<unknown>>;

/** A language model without its key or name cannot be called. */
export function documentFaults(values: Readonly<Record<string, unknown>>): string[] {
  if (!values.LLM_BASE_URL) return [];
  return ["LLM_API_KEY", "LLM_MODEL"].flatMap((name) =>
    values[name] ? [] : [`${name} is missing: LLM_BASE_URL needs it`],
  );
}
