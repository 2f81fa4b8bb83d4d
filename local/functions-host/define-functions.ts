import type { FunctionDefinition } from "./function-definition.ts";
import type { Registration } from "./functions-core.ts";
import type { HostJson } from "./host-json.ts";
import { connectionString, isDisabled, resolveSettings, type Settings } from "./host-settings.ts";
import { fullTemplate } from "./router.ts";
import { isSubMinute, parseNcrontab } from "./utc-ncrontab.ts";
import type { Binding } from "./worker-contract.ts";

interface App {
  registrations: readonly Registration[];
  hostJson: HostJson;
  settings: Settings;
}

/**
 * Turns the app's registrations into functions to run. Returns all errors at once, each as one sentence; with any error
 * the host must not start.
 */
export function defineFunctions(app: App): { functions: FunctionDefinition[]; problems: string[] } {
  const problems: string[] = [];
  const functions: FunctionDefinition[] = [];
  for (const registration of app.registrations) {
    const { name } = registration.metadata;
    problems.push(...nameProblems(name).map((problem) => `Function "${name}": ${problem}`));
    try {
      functions.push(define(registration, app));
    } catch (error) {
      problems.push(`Function "${name}": ${(error as Error).message}`);
    }
  }
  return { functions, problems: [...problems, ...duplicateNames(app.registrations), ...duplicateRoutes(functions)] };
}

function define({ metadata, handler }: Registration, { hostJson, settings }: App): FunctionDefinition {
  const { name, bindings } = metadata;
  const [bindingName, trigger] = Object.entries(bindings).find(([, { type }]) => /trigger$/i.test(type)) ?? [];
  if (!bindingName || !trigger)
    throw new Error("it has no trigger. Register it through app.http, app.timer or app.serviceBusQueue.");
  const extra = Object.values(bindings).find((binding) => binding !== trigger && !/^http$/i.test(binding.type));
  if (extra)
    throw new Error(
      `this host has no binding of type "${extra.type}". Use the client library of that service in the handler.`,
    );
  if (metadata.retryOptions)
    throw new Error("this host has no retry policies. Remove the retry option of the trigger.");
  const common = { name, metadata, handler, bindingName, isDisabled: isDisabled(name, settings) };

  switch (trigger.type.toLowerCase()) {
    case "httptrigger":
      return { ...common, trigger: "http", ...httpOptions(name, trigger, hostJson) };
    case "timertrigger":
      return { ...common, trigger: "timer", ...timerOptions(trigger, settings) };
    case "servicebustrigger":
      return { ...common, trigger: "serviceBus", ...serviceBusOptions(trigger, { hostJson, settings }) };
    default:
      throw new Error(
        `this host has no trigger of type "${trigger.type}"; it has HTTP, timer and Service Bus queue triggers.`,
      );
  }
}

function httpOptions(name: string, trigger: Binding, { routePrefix }: HostJson) {
  const route = typeof trigger["route"] === "string" ? trigger["route"] : undefined;
  const template = fullTemplate(routePrefix, route, name);
  // The real host checks the route without its prefix. A reserved prefix would hide the host's endpoints too.
  const reserved = [route || name, template.text].find((text) => /^\/*(?:admin|runtime)/i.test(text));
  if (reserved !== undefined) {
    throw new Error(
      `"${reserved}" begins with ${/runtime/i.test(reserved.slice(0, 9)) ? "runtime" : "admin"}, which belongs to the host. Give it another route.`,
    );
  }
  const authLevel = textOf(trigger, "authLevel", "anonymous").toLowerCase();
  if (authLevel !== "anonymous" && authLevel !== "function" && authLevel !== "admin") {
    throw new Error(`authLevel must be anonymous, function or admin, got "${authLevel}".`);
  }
  const methods = (trigger["methods"] as string[]).map((method) => method.toUpperCase());
  return { template, methods, authLevel } as const;
}

function timerOptions(trigger: Binding, settings: Settings) {
  const schedule = parseNcrontab(resolveSettings(textOf(trigger, "schedule", ""), settings));
  return {
    schedule,
    useMonitor: trigger["useMonitor"] !== false && !isSubMinute(schedule),
    runOnStartup: trigger["runOnStartup"] === true,
  };
}

function serviceBusOptions(trigger: Binding, { hostJson, settings }: Pick<App, "hostJson" | "settings">) {
  if (trigger["queueName"] === undefined) throw new Error("this host has no topic triggers. Use a queue.");
  if (trigger["isSessionsEnabled"]) throw new Error("this host has no triggers on sessions. Remove isSessionsEnabled.");
  if (trigger["sdkBinding"]) throw new Error("this host passes plain values only. Remove sdkBinding.");
  const cardinality = textOf(trigger, "cardinality", "one");
  if (cardinality !== "one" && cardinality !== "many")
    throw new Error(`cardinality must be one or many, got "${cardinality}".`);
  return {
    queueName: resolveSettings(textOf(trigger, "queueName", ""), settings),
    connectionString: connectionString(textOf(trigger, "connection", ""), settings),
    cardinality,
    autoComplete: (trigger["autoCompleteMessages"] as boolean | undefined) ?? hostJson.serviceBus.autoCompleteMessages,
    isBinary: trigger["dataType"] === "binary",
  } as const;
}

function nameProblems(name: string): string[] {
  // The real host's own rule.
  if (/^[a-z][a-z0-9_-]{0,127}$/i.test(name) && name.toLowerCase() !== "host") return [];
  return [
    "a name begins with a letter, has letters, digits, _ and - only, at most 128 of them, and is not host. Rename it.",
  ];
}

function duplicateNames(registrations: readonly Registration[]): string[] {
  const byName = Map.groupBy(registrations, ({ metadata }) => metadata.name.toLowerCase());
  return [...byName.values()]
    .filter((same) => same.length > 1)
    .map((same) => {
      const names = same.map(({ metadata }) => `"${metadata.name}"`).join(", ");
      return `${same.length} functions have the same name: ${names}. Names ignore case; rename all but one.`;
    });
}

function duplicateRoutes(functions: readonly FunctionDefinition[]): string[] {
  const http = functions.filter((fn) => fn.trigger === "http");
  return http.flatMap((fn, index) =>
    http.slice(0, index).flatMap((earlier) => {
      const both = fn.methods.filter((method) => earlier.methods.includes(method));
      const isSame = normalised(fn.template.text) === normalised(earlier.template.text);
      if (!isSame || both.length === 0) return [];
      return [
        `Functions "${earlier.name}" and "${fn.name}" both answer ${both.join(", ")} on the route "${fn.template.text}". Change one of them.`,
      ];
    }),
  );
}

function textOf(trigger: Binding, option: string, fallback: string): string {
  const value = trigger[option] ?? fallback;
  if (typeof value !== "string") throw new Error(`${option} must be a string, got ${JSON.stringify(value)}.`);
  return value;
}

function normalised(route: string): string {
  return route.replace(/^\/|\/$/g, "").toLowerCase();
}
