export { type ConfigError, type ConfigSources, defaultConfig, describeConfig, parseConfig } from "./config/parse.ts";
export type { RelayConfig, ServerConfig, VaultConfig } from "./config/schema.ts";
export { FolderInUse } from "./db/lock.ts";
export { NewerDatabase } from "./db/migrate.ts";
export { type RunningServer, type ServerDependencies, startServer } from "./serve.ts";
