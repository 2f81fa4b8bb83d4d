export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process. The only place that reads it. */
export function environment(): Environment {
  return process.env;
}

/** Sets environment variables for a library that accepts its options in no other way. */
export function setForLibrary(values: Readonly<Record<string, string>>): void {
  Object.assign(process.env, values);
}
