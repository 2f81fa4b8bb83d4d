/** Is told what happens that no caller sees: refusals and errors of connections. */
export type Log = (event: string, details: Readonly<Record<string, unknown>>) => void;
