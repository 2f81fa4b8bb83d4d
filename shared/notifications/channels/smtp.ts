import { createTransport } from "nodemailer";
import type { CallPolicy } from "#jobs/call-policy.ts";
import type { ErrorClass } from "#jobs/error-class.ts";
import { isLoopbackHost } from "#providers/outbound/public-address.ts";
import { withinPolicy } from "#providers/outbound/within-policy.ts";
import { ProviderError } from "#providers/provider-error.ts";
import type { Channel } from "../channel.ts";
import { emailOf } from "../email.ts";

export interface SmtpOptions {
  /** `smtps://user:password@host:port`, or `smtp://`, which is encrypted by STARTTLS except on loopback. */
  readonly url: string;
  readonly from: string;
  readonly timeoutMs: number;
  /** Of its calls. Default: every call starts at once. */
  readonly policy?: CallPolicy | undefined;
}

/**
 * E-mail by SMTP. The protocol has no idempotency key: after a crash between the server's reply and the commit the mail
 * is sent again, with the same Message-ID, by which mail systems recognise duplicates.
 */
export function smtp({ url, from, timeoutMs, policy }: SmtpOptions): Channel {
  const { protocol, hostname, port, username, password } = new URL(url);
  const isEncrypted = protocol === "smtps:";
  const transport = createTransport({
    pool: true,
    maxConnections: 4,
    host: hostname,
    port: port ? Number(port) : isEncrypted ? 465 : 587,
    secure: isEncrypted,
    // Never send a password unencrypted, also when an attacker removes STARTTLS from the greeting.
    requireTLS: !isEncrypted && !isLoopbackHost(hostname),
    ignoreTLS: isLoopbackHost(hostname) && !isEncrypted,
    ...(username && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    name: "email",
    async deliver(message, { signal }) {
      signal.throwIfAborted();
      const { subject, text, html } = emailOf(message);
      const messageId = `<${message.id}@${from.slice(from.indexOf("@") + 1)}>`;
      const mail = {
        from,
        to: { name: "", address: message.address },
        subject,
        text,
        html,
        messageId,
        date: message.createdAt,
        headers: { "Auto-Submitted": "auto-generated" },
      };
      await withinPolicy({ provider: "smtp", policy, signal }, async () => {
        try {
          await transport.sendMail(mail);
        } catch (error) {
          throw asProviderError(error, [message.address, decodeURIComponent(password)]);
        }
      });
      return { providerMessageId: messageId };
    },
    close: () => {
      transport.close();
    },
  };
}

function asProviderError(error: unknown, secrets: readonly string[]): ProviderError {
  const { code, responseCode, message } = error as { code?: string; responseCode?: number; message: string };
  const shown = secrets.filter(Boolean).reduce((text, secret) => text.replaceAll(secret, "***"), message);
  const errorClass = classOf(code, responseCode);
  return new ProviderError(`the mail server: ${shown}`, { provider: "smtp", errorClass, status: responseCode });
}

/**
 * RFC 5321: 4yz may succeed later, 5yz will not, in each command, also when the library's code is EAUTH. An error
 * without a reply code comes from the network, or from the library before it sends anything.
 */
function classOf(code: string | undefined, responseCode: number | undefined): ErrorClass {
  if (responseCode !== undefined && responseCode < 500) return "transient";
  if (code === "EAUTH" || responseCode === 535 || responseCode === 530) return "auth";
  return responseCode !== undefined || code === "EENVELOPE" ? "validation" : "transient";
}
