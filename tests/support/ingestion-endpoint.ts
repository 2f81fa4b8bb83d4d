import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { generate } from "selfsigned";

/** One telemetry item of Application Insights. */
export interface Envelope {
  readonly tags: Readonly<Record<string, string>>;
  readonly data: { readonly baseType: string; readonly baseData: Readonly<Record<string, unknown>> };
}

/**
 * A fake Application Insights on loopback. It uses https with a self-signed certificate, because the library requires
 * https.
 */
export interface IngestionEndpoint extends AsyncDisposable {
  readonly connectionString: string;
  /** All received items. */
  readonly envelopes: readonly Envelope[];
}

/** @param certificateFile where the certificate is written; a process with it in NODE_EXTRA_CA_CERTS trusts it */
export async function ingestionEndpoint(certificateFile: string): Promise<IngestionEndpoint> {
  const { private: key, cert } = await generate([{ name: "commonName", value: "127.0.0.1" }], {
    keySize: 2048,
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
    ],
  });
  await writeFile(certificateFile, cert);
  const envelopes: Envelope[] = [];
  const server = createServer({ key, cert }, (request, response) => {
    void buffer(request).then((body) => {
      const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString("utf8");
      const items = itemsIn(text);
      envelopes.push(...items);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ itemsReceived: items.length, itemsAccepted: items.length, errors: [] }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    connectionString: `InstrumentationKey=00000000-0000-4000-8000-000000000001;IngestionEndpoint=https://127.0.0.1:${port}/`,
    envelopes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Parses a JSON array, or one item in each line. */
function itemsIn(text: string): Envelope[] {
  return text.startsWith("[")
    ? (JSON.parse(text) as Envelope[])
    : text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Envelope);
}
