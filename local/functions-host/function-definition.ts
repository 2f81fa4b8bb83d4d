import type { RouteTemplate } from "./route-template.ts";
import type { Ncrontab } from "./utc-ncrontab.ts";
import type { FunctionMetadata, Handler } from "./worker-contract.ts";

interface DefinedFunction {
  name: string;
  /** Disabled by the setting `AzureWebJobs.<name>.Disabled`. */
  isDisabled: boolean;
  /** The trigger's binding name. */
  bindingName: string;
  metadata: FunctionMetadata;
  handler: Handler;
}

export interface HttpFunction extends DefinedFunction {
  trigger: "http";
  /** With the route prefix. */
  template: RouteTemplate;
  /** Upper-case. */
  methods: readonly string[];
  authLevel: "anonymous" | "function" | "admin";
}

export interface TimerFunction extends DefinedFunction {
  trigger: "timer";
  schedule: Ncrontab;
  /** Whether its status is stored, and a missed occurrence fires when the host starts. */
  useMonitor: boolean;
  runOnStartup: boolean;
}

export interface ServiceBusFunction extends DefinedFunction {
  trigger: "serviceBus";
  queueName: string;
  connectionString: string;
  cardinality: "one" | "many";
  autoComplete: boolean;
  /** Whether the function receives bodies as bytes; otherwise as text, parsed if it is JSON. */
  isBinary: boolean;
}

/** A function as the host runs it: all settings resolved, all options checked. */
export type FunctionDefinition = HttpFunction | TimerFunction | ServiceBusFunction;
