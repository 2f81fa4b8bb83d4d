/** The environment without the settings of the test run, so that an app which a test starts has its own database. */
export function stackEnvironment(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _url, ROTA_PORT: _port, ROTA_STATE: _state, NODE_ENV: _env, ...env } = process.env;
  return env;
}
