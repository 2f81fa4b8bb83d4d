import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { choosePort, freePort, isFree, portError, PortInUseError } from "#local/ports.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";

test("a free port is free until a server listens on it", async () => {
  const port = await freePort();
  expect(await isFree(port)).toBe(true);
  await occupy(port);
  expect(await isFree(port)).toBe(false);
});

test("a requested port is used and not stored", async () => {
  const request = await requestFor(await freePort());
  expect(await choosePort(request)).toBe(request.port);
  await expect(readFile(request.rememberIn)).rejects.toThrow("ENOENT");
});

test("a requested port in use is an error that names its purpose and its setting", async () => {
  const request = await requestFor(await freePort());
  await occupy(request.port);
  const choice = choosePort(request);
  await expect(choice).rejects.toBeInstanceOf(PortInUseError);
  await expect(choice).rejects.toThrow(
    `Port ${request.port} is in use; the oven needs it. Set OVEN_PORT to another port, or stop the other program.`,
  );
});

test("a port that the system denies is named as denied, not as in use", () => {
  expect(portError("EACCES", { port: 80, what: "the oven", setting: "OVEN_PORT" })).toMatchObject({
    name: "PortDeniedError",
    message:
      "The system does not allow the oven to listen on port 80 (EACCES). " +
      "Set OVEN_PORT to another port, such as one above 1023.",
  });
});

test("without a requested port it is the same every time, until another program uses it", async () => {
  const request = await requestFor(0);
  const first = await choosePort(request);
  expect(await choosePort({ ...request, port: undefined })).toBe(first);
  await occupy(first);
  const second = await choosePort(request);
  expect(second).not.toBe(first);
  expect(await choosePort(request)).toBe(second);
});

test.for(["", "none", "-1", "70000", "1.5"])("a stored %o is not a port and is replaced", async (text) => {
  const request = await requestFor(0);
  await writeFile(request.rememberIn, text);
  const port = await choosePort(request);
  expect(Number(await readFile(request.rememberIn, "utf8"))).toBe(port);
});

async function requestFor(port: number) {
  return { port, rememberIn: join(await temporaryDirectory(), "port"), what: "the oven", setting: "OVEN_PORT" };
}

async function occupy(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
}
