import type { AddressInfo } from "node:net";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { describe, expect, it, onTestFinished } from "vitest";
import { smtp } from "#notifications/channels/smtp.ts";
import { providerErrorOf } from "../../providers/scripted-server.ts";
import { aMessage, signal } from "./sample-message.ts";

const message = aMessage({ address: "anna@example.org" });

/** A mail server on loopback, and what it took. */
async function server(options: SMTPServerOptions = {}) {
  const mails: ParsedMail[] = [];
  const smtpServer = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, _, done) {
      void simpleParser(stream).then((mail) => {
        mails.push(mail);
        done();
      });
    },
    ...options,
  });
  await new Promise<void>((resolve) => {
    smtpServer.listen(0, "127.0.0.1", resolve);
  });
  const { port } = smtpServer.server.address() as AddressInfo;
  const channel = smtp({
    url: `smtp://rota:pass%40word@127.0.0.1:${port}`,
    from: "rota@example.org",
    timeoutMs: 5_000,
  });
  onTestFinished(async () => {
    channel.close();
    await new Promise<void>((resolve) => {
      smtpServer.close(resolve);
    });
  });
  return { mails, channel };
}
const anyone: SMTPServerOptions = {
  onAuth: ({ username, password }, _, done) => {
    if (username === "rota" && password === "pass@word") done(null, { user: "rota" });
    else done(new Error("Authentication failed"));
  },
};

it("a mail has text, HTML and the same Message-ID in each attempt", async () => {
  const { mails, channel } = await server(anyone);
  for (const triedAt of [null, new Date()]) await channel.deliver({ ...message, triedAt }, { signal });
  expect(mails).toHaveLength(2);
  for (const mail of mails) {
    expect(mail).toMatchObject({
      subject: "Order 7 is late",
      messageId: `<${message.id}@example.org>`,
      date: message.createdAt,
      from: { text: "rota@example.org" },
      to: { text: "anna@example.org" },
    });
    expect(mail.headers.get("auto-submitted")).toBe("auto-generated");
    expect(mail.text?.trim()).toBe("It was due on Monday.");
    expect(mail.html).toContain("<p>It was due on Monday.</p>");
  }
});

it("a title cannot add headers, recipients or markup", async () => {
  const { mails, channel } = await server(anyone);
  const title = "Hi\r\nBcc: eve@example.org\r\n\r\n<script>alert(1)</script>";
  await channel.deliver({ ...message, title, body: "<img src=x onerror=alert(1)>" }, { signal });
  expect(mails[0]).toMatchObject({ subject: "Hi Bcc: eve@example.org <script>alert(1)</script>" });
  expect(mails[0]!.bcc).toBeUndefined();
  expect(mails[0]!.html).not.toMatch(/<script|<img/);
});

describe("the reply of the server", () => {
  const refusing = (responseCode: number): SMTPServerOptions => ({
    ...anyone,
    onRcptTo: (_address, _session, done) => {
      done(Object.assign(new Error("mailbox of anna@example.org"), { responseCode }));
    },
  });

  it.each([
    [550, "validation"],
    [451, "transient"],
    [421, "transient"],
  ] as const)("%i is %s, and the address is not repeated", async (code, errorClass) => {
    const { channel } = await server(refusing(code));
    const trouble = await providerErrorOf(() => channel.deliver(message, { signal }));
    expect(trouble).toMatchObject({ errorClass, status: code });
    expect(trouble.message).not.toContain("anna@");
  });

  it("454 at the login is transient: the server cannot check passwords for a while", async () => {
    const { channel } = await server({
      onAuth: (_auth, _session, done) => {
        done(Object.assign(new Error("Temporary authentication failure"), { responseCode: 454 }));
      },
    });
    const error = await providerErrorOf(() => channel.deliver(message, { signal }));
    expect(error).toMatchObject({ errorClass: "transient", status: 454 });
  });

  it("a wrong password is an auth error and is not shown", async () => {
    const { channel } = await server({
      onAuth: (_auth, _session, done) => {
        done(new Error("pass@word is wrong"));
      },
    });
    const trouble = await providerErrorOf(() => channel.deliver(message, { signal }));
    expect(trouble.errorClass).toBe("auth");
    expect(trouble.message).not.toContain("pass@word");
  });

  it("is missing: a transient network error", async () => {
    const channel = smtp({ url: "smtp://127.0.0.1:1", from: "rota@example.org", timeoutMs: 1_000 });
    expect(await providerErrorOf(() => channel.deliver(message, { signal }))).toMatchObject({
      errorClass: "transient",
    });
    channel.close();
  });
});
