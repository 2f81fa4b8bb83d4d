import type { Ncrontab } from "./ncrontab.ts";
import type { RouteTemplate } from "./route-template.ts";
import type { FunctionMetadata, Handler } from "./worker-contract.ts";

interface DefinedFunction {
  name: string;
  /** Switched off by the setting `AzureWebJobs.<name>.Disabled`. */
  isDisabled: boolean;
  /** The trigger's binding name, under which its value is handed over. */
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
  /** Whether its status is kept, and an occurrence that was missed while no host ran is made up for. */
  useMonitor: boolean;
  runOnStartup: boolean;
}

export interface ServiceBusFunction extends DefinedFunction {
  trigger: "serviceBus";
  queueName: string;
  connectionString: string;
  cardinality: "one" | "many";
  autoComplete: boolean;
  /** Whether the function takes bodies as bytes; else as text, parsed where it is JSON. */
  isBinary: boolean;
}

/** A function as the host runs it: all settings resolved, all options checked. */
export type FunctionDefinition = HttpFunction | TimerFunction | ServiceBusFunction;
