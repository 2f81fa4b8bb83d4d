/** The script of the page: plain JavaScript for browsers. It builds every node itself and never parses text as HTML. */
export const pageScript = String.raw`
"use strict";
const $ = (id) => document.getElementById(id);
const METHODS = ["get", "post", "put", "patch", "delete"];

/** make("p.note", { title: "…" }, "text", child) */
function make(what, attributes, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/* The address's fragment may carry the key: browsers do not send it. The key stays in this tab. */
const fragmentKey = new URLSearchParams(location.hash.slice(1)).get("key");
if (fragmentKey) {
  sessionStorage.setItem("rota-key", fragmentKey);
  history.replaceState(null, "", location.pathname);
}
$("key").value = sessionStorage.getItem("rota-key") ?? "";

function headersWithKey() {
  const key = $("key").value.trim();
  return key ? { "x-functions-key": key } : {};
}

async function load() {
  const response = await fetch("openapi.json", { headers: headersWithKey() });
  if (!response.ok) {
    const text = response.status === 401 ? "Put a key above, or sign in, to see the routes." : "The API description cannot be read: " + response.status;
    $("main").replaceChildren(make("p.note", { role: "status" }, text));
    $("who").textContent = "";
    if (response.status === 401) $("key").focus();
    return;
  }
  show(await response.json());
  const me = await fetch("admin/me", { headers: headersWithKey() }).then((r) => (r.ok ? r.json() : null), () => null);
  $("who").textContent = me ? me.caller : "";
}

function show(api) {
  const sections = api.tags.map(({ name }) => {
    const routes = Object.entries(api.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]?.tags.includes(name)).map((method) => routeView(path, method, item[method])),
    );
    return make("section", { "aria-label": name }, make("h2", {}, name), ...routes);
  });
  $("main").replaceChildren(...sections, make("p.note", { hidden: true, role: "status" }, "No route has these words."));
  filter();
  const open = document.getElementById(location.hash.slice(1));
  if (open) { open.open = true; open.scrollIntoView(); }
}

function routeView(path, method, operation) {
  const who = /^For (machines|viewers|operators)/.exec(operation.description ?? "")?.[1] ?? "open";
  const details = make(
    "details.route",
    { id: operation.operationId, "data-words": [method, path, operation.summary, who].join(" ").toLowerCase() },
    make(
      "summary", {},
      make("span.method." + method, {}, method.toUpperCase()), make("span.path", {}, path),
      make("span.about", {}, operation.summary), make("span.who", { title: operation.description ?? "Open to everyone" }, who),
    ),
  );
  /* Drawn when it is first opened: dozens of forms at once are slow. */
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(inside(path, method, operation));
  });
  return details;
}

function inside(path, method, operation) {
  const fields = (operation.parameters ?? []).map((parameter) => ({ parameter, input: inputFor(parameter, operation.operationId) }));
  const schema = operation.requestBody?.content["application/json"].schema;
  const body = schema && make("textarea", { "aria-label": "Body as JSON", spellcheck: "false" });
  if (body) body.value = JSON.stringify(exampleOf(schema), null, 2) ?? "";
  const answer = make("div", { role: "status" });
  const send = make("button", { type: "submit" }, "Send");
  const copy = make("button.plain", { type: "button", onclick: () => copyCommand(copy, request()) }, "Copy as curl");
  function request() {
    const query = new URLSearchParams();
    const headers = { accept: "application/json" };
    let address = path;
    for (const { parameter, input } of fields) {
      const value = input.value;
      if (parameter.in === "path") address = address.replace("{" + parameter.name + "}", encodeURIComponent(value));
      else if (value === "") continue;
      else if (parameter.in === "query") query.set(parameter.name, value);
      else headers[parameter.name.toLowerCase()] = value;
    }
    if (body) headers["content-type"] = "application/json";
    if (method !== "get") headers["x-rota-request"] = "docs";
    const search = query.toString();
    return { url: new URL(address + (search ? "?" + search : ""), location.origin), method: method.toUpperCase(), headers, body: body?.value };
  }
  const form = make(
    "form", { onsubmit: (event) => { event.preventDefault(); void run(request(), { send, answer }); } },
    fields.length ? make("h3", {}, "Parameters") : null,
    fields.length ? make("div.fields", {}, ...fields.flatMap(({ parameter, input }) => fieldView(parameter, input))) : null,
    body ? make("h3", {}, "Body") : null, body ?? null,
    schema && Object.keys(schema).length ? make("details", {}, make("summary", {}, "Schema of the body"), make("pre", { tabindex: "0" }, JSON.stringify(schema, null, 2))) : null,
    make("div.actions", {}, send, copy),
  );
  return make("div.inside", {}, form, answer, responsesView(operation));
}

function inputFor({ name, schema, required, in: place }, operation) {
  const common = { id: operation + "-" + name, name, required: place === "path" || required };
  if (schema.enum) {
    const options = ["", ...schema.enum].map((value) => make("option", { value, selected: value === schema.default }, value || "–"));
    return make("select", common, ...options);
  }
  const isNumber = schema.type === "integer" || schema.type === "number";
  const placeholder = schema.default === undefined ? undefined : String(schema.default);
  const numbers = isNumber ? { type: "number", step: schema.type === "integer" ? "1" : "any", ...limits(schema) } : { type: "text" };
  return make("input", { ...common, ...numbers, placeholder, autocomplete: "off", spellcheck: "false" });
}

function limits({ minimum, maximum }) {
  const sane = (limit) => (Number.isFinite(limit) && Math.abs(limit) < Number.MAX_SAFE_INTEGER ? String(limit) : undefined);
  return { min: sane(minimum), max: sane(maximum) };
}

function fieldView(parameter, input) {
  const { schema, description } = parameter;
  const kind = [schema.enum ? "choice" : schema.format ?? schema.type ?? "any", parameter.in === "query" ? null : "in " + parameter.in, limitsText(schema), description ?? schema.description];
  return [
    make(input.required ? "label.required" : "label", { for: input.id }, parameter.name), input,
    make("span.kind", {}, kind.filter(Boolean).join(", ")),
  ];
}

function limitsText(schema) {
  const { min, max } = limits(schema);
  return min !== undefined && max !== undefined ? min + " to " + max : null;
}

function responsesView(operation) {
  const listed = Object.keys(operation.responses).filter((status) => status !== "default").sort().sort((a, b) => b.endsWith("XX") - a.endsWith("XX")).join(", ");
  return make("p.note", {}, "Responses: " + listed + "; every error as problem details.");
}

async function run({ url, method, headers, body }, { send, answer }) {
  send.disabled = true;
  const started = performance.now();
  try {
    const response = await fetch(url, { method, headers: { ...headers, ...headersWithKey() }, body });
    const text = await response.text();
    const took = Math.round(performance.now() - started);
    const where = response.headers.get("location");
    answer.replaceChildren(
      make("h3." + (response.ok ? "good" : "bad"), {}, response.status + " " + response.statusText + ", " + took + " ms" + (where ? ", " + where : "")),
      make("pre", { tabindex: "0" }, pretty(text) || "(no content)"),
    );
  } catch (error) {
    answer.replaceChildren(make("h3.bad", {}, "No response: " + error.message));
  } finally {
    send.disabled = false;
  }
}

function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

/* Without the key: people paste commands into chats. */
function copyCommand(button, { url, method, headers, body }) {
  const quoted = (text) => "'" + String(text).replaceAll("'", "'\\''") + "'";
  const parts = ["curl", method === "GET" ? null : "-X " + method, quoted(url), '-H "x-functions-key: $ROTA_KEY"',
    ...Object.entries(headers).filter(([name]) => name !== "x-rota-request").map(([name, value]) => "-H " + quoted(name + ": " + value)),
    body === undefined ? null : "-d " + quoted(body)];
  navigator.clipboard.writeText(parts.filter(Boolean).join(" ")).then(
    () => { button.textContent = "Copied"; }, () => { button.textContent = "Cannot copy here"; });
}

/* The smallest value that the schema accepts, with its defaults. */
function exampleOf(schema) {
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return exampleOf(either[0]);
  switch (schema.type) {
    case "object": {
      const needed = Object.entries(schema.properties ?? {}).filter(([name]) => (schema.required ?? []).includes(name));
      return Object.fromEntries(needed.map(([name, property]) => [name, exampleOf(property)]));
    }
    case "array": return [];
    case "boolean": return false;
    case "integer": case "number": return 0;
    case "string": return schema.format === "date-time" ? new Date().toISOString() : schema.format === "date" ? new Date().toISOString().slice(0, 10) : "";
    case "null": return null;
    default: return {};
  }
}

function filter() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const section of document.querySelectorAll("main section")) {
    let some = 0;
    for (const route of section.querySelectorAll("details.route")) {
      route.hidden = !words.every((word) => route.dataset.words.includes(word));
      if (!route.hidden) some += 1;
    }
    section.hidden = some === 0;
    shown += some;
  }
  const none = document.querySelector("main > p.note");
  if (none) none.hidden = shown > 0;
}

$("filter").addEventListener("input", filter);
let typing;
$("key").addEventListener("input", () => {
  sessionStorage.setItem("rota-key", $("key").value.trim());
  clearTimeout(typing);
  typing = setTimeout(() => void load(), 300);
});
document.addEventListener("keydown", (event) => {
  const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
  if (event.key === "/" && !isTyping) { event.preventDefault(); $("filter").focus(); }
  if (event.key === "Escape" && document.activeElement === $("filter")) { $("filter").value = ""; filter(); }
});
void load();
`;
