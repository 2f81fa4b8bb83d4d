/**
 * Checks a document against the rules of OpenAPI 3.1 and JSON Schema 2020-12 that matter here. @returns the faults
 */
export function openApiFaults(document: unknown): string[] {
  const rules = new Rules(document as Json);
  rules.check();
  return rules.faults;
}

type Json = Readonly<Record<string, unknown>>;

const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

const FIELDS: Readonly<Record<string, { readonly required: readonly string[]; readonly optional: readonly string[] }>> =
  {
    document: { required: ["openapi", "info", "paths"], optional: ["servers", "tags", "components", "security"] },
    info: { required: ["title", "version"], optional: ["summary", "description", "contact", "license"] },
    operation: {
      required: ["responses"],
      optional: [
        "operationId",
        "tags",
        "summary",
        "description",
        "parameters",
        "requestBody",
        "security",
        "deprecated",
      ],
    },
    parameter: { required: ["name", "in", "schema"], optional: ["required", "description"] },
    requestBody: { required: ["content"], optional: ["required", "description"] },
    response: { required: ["description"], optional: ["content", "headers"] },
    mediaType: { required: [], optional: ["schema", "example"] },
    tag: { required: ["name"], optional: ["description"] },
    server: { required: ["url"], optional: ["description"] },
    securityScheme: { required: ["type"], optional: ["description", "name", "in", "scheme", "bearerFormat"] },
    components: { required: [], optional: ["schemas", "responses", "securitySchemes"] },
  };

const TYPES = ["string", "number", "integer", "boolean", "object", "array", "null"];
const LISTS = ["anyOf", "oneOf", "allOf", "prefixItems"];
const SINGLE = ["items", "additionalProperties", "not", "propertyNames", "contains"];

class Rules {
  readonly faults: string[] = [];
  readonly #document: Json;
  readonly #ids = new Set<string>();

  constructor(document: Json) {
    this.#document = document;
  }

  check(): void {
    const {
      openapi,
      info,
      paths = {},
      components = {},
      tags = [],
      servers = [],
    } = this.#document as Record<string, Json>;
    this.#fields("document", this.#document, "#");
    this.#expect(/^3\.1\.\d+$/.test(text(openapi)), `openapi: expected 3.1.x, got ${text(openapi)}`);
    this.#fields("info", info ?? {}, "info");
    for (const [i, tag] of (tags as unknown as Json[]).entries()) this.#fields("tag", tag, `tags/${i}`);
    for (const [i, server] of (servers as unknown as Json[]).entries()) this.#fields("server", server, `servers/${i}`);
    this.#components(components);
    for (const [path, item] of Object.entries(paths)) {
      this.#expect(path.startsWith("/"), `${path}: expected a leading slash`);
      for (const [method, operation] of Object.entries(item as Json)) {
        this.#expect(/^(get|put|post|delete|patch|head|options|trace)$/.test(method), `${path}: no method ${method}`);
        this.#operation(path, operation as Json, `${method} ${path}`);
      }
    }
  }

  #components(components: Json): void {
    this.#fields("components", components, "components");
    const { schemas = {}, responses = {}, securitySchemes = {} } = components as Record<string, Json>;
    for (const [name, schema] of Object.entries(schemas)) this.#schema(schema, `components/schemas/${name}`);
    for (const [name, response] of Object.entries(responses)) {
      this.#response(response as Json, `components/responses/${name}`);
    }
    for (const [name, scheme] of Object.entries(securitySchemes as Record<string, Json>)) {
      const at = `components/securitySchemes/${name}`;
      this.#fields("securityScheme", scheme, at);
      if (scheme.type === "apiKey") this.#expect(scheme.name && scheme.in, `${at}: an apiKey has name and in`);
      else this.#expect(scheme.type === "http" && scheme.scheme, `${at}: expected apiKey or http with a scheme`);
    }
  }

  #operation(path: string, operation: Json, at: string): void {
    this.#fields("operation", operation, at);
    const { operationId, parameters = [], requestBody, responses, security = [], tags = [] } = operation;
    this.#expect(/^[a-z]\w*$/i.test(String(operationId)), `${at}: operationId is no identifier`);
    this.#expect(!this.#ids.has(String(operationId)), `${at}: operationId ${String(operationId)} comes twice`);
    this.#ids.add(String(operationId));
    const declared = (this.#document.tags as { name: string }[]).map(({ name }) => name);
    for (const tag of tags as string[]) this.#expect(declared.includes(tag), `${at}: tag ${tag} is not declared`);
    this.#parameters(path, parameters as Json[], at);
    if (requestBody) {
      this.#fields("requestBody", requestBody as Json, `${at} requestBody`);
      this.#content((requestBody as Json).content as Json, `${at} requestBody`);
    }
    const answers = Object.entries(responses as Json);
    this.#expect(answers.length > 0, `${at}: expected a response`);
    for (const [status, response] of answers) {
      this.#expect(/^([1-5]\d\d|[1-5]XX|default)$/.test(status), `${at}: no status ${status}`);
      this.#response(response as Json, `${at} ${status}`);
    }
    const schemes = Object.keys((this.#document.components as { securitySchemes: Json }).securitySchemes);
    for (const one of (security as Json[]).flatMap((requirement) => Object.keys(requirement))) {
      this.#expect(schemes.includes(one), `${at}: no security scheme ${one}`);
    }
  }

  #parameters(path: string, parameters: readonly Json[], at: string): void {
    const names = parameters.map(({ name, in: place }) => `${String(place)} ${String(name)}`);
    this.#expect(new Set(names).size === names.length, `${at}: a parameter comes twice`);
    for (const parameter of parameters) {
      const where = `${at} parameter ${String(parameter.name)}`;
      this.#fields("parameter", parameter, where);
      this.#expect(/^(path|query|header|cookie)$/.test(String(parameter.in)), `${where}: in ${String(parameter.in)}`);
      if (parameter.in === "path") this.#expect(parameter.required === true, `${where}: a path parameter is required`);
      this.#schema(parameter.schema, where);
    }
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
    const described = parameters.filter((one) => one.in === "path").map(({ name }) => name as string);
    this.#expect(
      String(described.sort()) === String(inPath),
      `${at}: path parameters ${String(inPath)} are not all described`,
    );
  }

  #response(response: Json, at: string): void {
    if ("$ref" in response) {
      this.#reference(response.$ref, at);
      return;
    }
    this.#fields("response", response, at);
    if (response.content) this.#content(response.content as Json, at);
  }

  #content(content: Json, at: string): void {
    for (const [type, media] of Object.entries(content)) {
      this.#expect(/^[\w.+-]+\/[\w.+-]+$/.test(type), `${at}: ${type} is no media type`);
      this.#fields("mediaType", media as Json, `${at} ${type}`);
      this.#schema((media as Json).schema ?? {}, `${at} ${type}`);
    }
  }

  #schema(schema: unknown, at: string): void {
    if (typeof schema === "boolean") return;
    this.#expect(
      typeof schema === "object" && schema !== null && !Array.isArray(schema),
      `${at}: a schema is an object`,
    );
    const { $ref, type, required, properties, pattern, ...rest } = schema as Json;
    if ($ref !== undefined) this.#reference($ref, at);
    this.#expect(!("$schema" in rest), `${at}: $schema belongs to a document of its own`);
    for (const one of [type ?? []].flat()) this.#expect(TYPES.includes(text(one)), `${at}: no type ${text(one)}`);
    const names = Object.keys(properties ?? {});
    this.#expect(required === undefined || Array.isArray(required), `${at}: required is a list of names`);
    for (const name of (required ?? []) as string[])
      this.#expect(names.includes(name), `${at}: requires ${name}, unknown`);
    if (pattern !== undefined) this.#expect(isPattern(pattern), `${at}: pattern ${text(pattern)}`);
    for (const [name, property] of Object.entries(properties ?? {})) this.#schema(property, `${at}.${name}`);
    for (const name of LISTS) for (const one of (rest[name] ?? []) as unknown[]) this.#schema(one, `${at} ${name}`);
    for (const name of SINGLE) if (rest[name] !== undefined) this.#schema(rest[name], `${at} ${name}`);
  }

  #reference(ref: unknown, at: string): void {
    let target: unknown = this.#document;
    for (const part of String(ref).replace(/^#\//, "").split("/")) target = (target as Json | undefined)?.[part];
    this.#expect(String(ref).startsWith("#/") && target !== undefined, `${at}: ${String(ref)} leads nowhere`);
  }

  #fields(kind: string, value: Json, at: string): void {
    const { required, optional } = FIELDS[kind]!;
    for (const name of required) this.#expect(name in value, `${at}: ${name} is missing`);
    for (const name of Object.keys(value)) {
      this.#expect([...required, ...optional].includes(name), `${at}: ${name} is no field of a ${kind}`);
    }
  }

  #expect(holds: unknown, fault: string): void {
    if (!holds) this.faults.push(fault);
  }
}

function isPattern(text: unknown): boolean {
  try {
    return Boolean(new RegExp(String(text), "u"));
  } catch {
    return false;
  }
}
