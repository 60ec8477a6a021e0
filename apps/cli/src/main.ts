/** The `photon` command: puts the machine, the profile's folder and the commands together. */
import { hostname } from "node:os";
import { argv, env, execArgv, execPath, platform, stderr, stdin, stdout } from "node:process";
import { terminalAsk } from "./ask.ts";
import { profileFolder } from "./home.ts";
import { nodeProfileHome } from "./profile.ts";
import { run } from "./run.ts";
import { pauseUnless, readAll, sinkOf, written } from "./streams.ts";
import type { World } from "./world.ts";

const cancel = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => cancel.abort());

/** A reader that has gone, such as `head`, is no failure: what was asked for was delivered. */
for (const stream of [stdout, stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

const world: World = {
  env,
  platform,
  hostname: hostname(),
  self: [execPath, ...execArgv, argv[1] ?? "photon"],
  stdin: { isTTY: stdin.isTTY, read: (limit) => readAll(stdin, limit) },
  stdout: sinkOf(stdout),
  stderr: sinkOf(stderr),
  home: nodeProfileHome(profileFolder(env)),
  ask: stdin.isTTY && stderr.isTTY ? terminalAsk(cancel.signal) : undefined,
  cancel: cancel.signal,
  now: Date.now,
  pause: (milliseconds) => pauseUnless(cancel.signal, milliseconds),
};

const exit = await run(argv.slice(2), world);
await Promise.all([written(stdout), written(stderr)]);
process.exit(exit);
