import { expect } from "vitest";
import type { DemoApi } from "#local/stack/demo-data/demo-data.ts";
import type { AdminApi } from "../../../functions/http/admin/admin-api.ts";

/**
 * The API of a demo, over the routes in this process. Without a worker, a run that the demo waits for is executed here.
 * @param providers the addresses of the fake providers, by name
 */
export function demoApi(api: AdminApi, providers: Readonly<Record<string, string>> = {}): DemoApi {
  const call = async (method: string, path: string, body?: unknown, key?: string) => {
    const [asked = "", query] = path.split("?wait");
    const headers = key === undefined ? {} : { "idempotency-key": key };
    const answer = await api.call(method, asked, body, headers);
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    if (query === undefined) return answer.body as never;
    const id = String(answer.body.id);
    await api.runner.execute(id);
    return (await api.call("GET", `api/admin/runs/${id}`)).body as never;
  };
  return {
    now: api.clock.now(),
    get: (path) => call("GET", path),
    post: (path, body, key) => call("POST", path, body, key),
    put: (path, body) => call("PUT", path, body),
    async provider(name) {
      const address = providers[name];
      if (address === undefined) throw new Error(`this test has no provider ${name}`);
      return address;
    },
  };
}
