const SECRET_NAME = /key|token|secret|pass|pwd|sign?ature|^sig$|auth|credential|^code$/i;

/** The URL for logs: without user, password, fragment and the given secrets; secret query values are `***`. */
export function safeUrl(url: URL, secrets: readonly string[] = []): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  shown.hash = "";
  for (const name of new Set(shown.searchParams.keys())) {
    if (SECRET_NAME.test(name)) shown.searchParams.set(name, "***");
  }
  return withoutSecrets(shown.href, secrets);
}

/** The text with every given secret, as it is or URL-encoded, replaced by `***`. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== "")
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .reduce((shown, secret) => shown.replaceAll(secret, "***"), text);
}
