/** Receives events that no caller sees, such as `connected` and `client_refused`. */
export type Log = (event: string, details: Readonly<Record<string, unknown>>) => void;
