/** Receives events that no caller sees: refused links and errors of connections. */
export type Log = (event: string, details: Readonly<Record<string, unknown>>) => void;
