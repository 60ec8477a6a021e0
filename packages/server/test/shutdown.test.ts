import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { appendOf, call, createdQueue, readAll, server, temporaryFolder } from "./people.ts";
import { serverProcess } from "./crash-rounds.ts";
import { watcher, watchFrame } from "./watcher.ts";

describe("shutting down", () => {
  test.each([["true"], ["false"]])(
    "drains: what was accepted is stored and answered, watches are told (thread: %s)",
    async (commitThread) => {
      const running = await server({ "relay.commitThread": commitThread });
      const queue = await createdQueue(running.url);
      const watch = await watcher(running.url);
      watch.send(watchFrame([queue], true));
      await watch.nextOf("watching");
      const appends = Array.from({ length: 60 }, () => call(running.url, "append", appendOf(queue)));
      await appends[0];
      await running.close();
      const answers = await Promise.all(appends);
      const acknowledged = answers.flatMap((answer) =>
        answer.ok && answer.value.kind === "appended" ? [answer.value.value.seq] : [],
      );
      for (const answer of answers) {
        if (answer.ok) continue;
        // Refused as a whole, or never accepted; nothing else.
        expect(answer.error.code === "refused" ? answer.error.refusal : answer.error.code).toMatch(/^(overloaded|unreachable)$/u);
      }
      expect(await watch.closed).toBe(1001);
      const again = await server({ data: running.data });
      const stored = (await readAll(again.url, queue)).map((entry) => entry.seq);
      expect(stored).toEqual(stored.map((_, i) => i + 1));
      for (const seq of acknowledged) expect(stored).toContain(seq);
    },
  );

  test("what came over a watch connection is answered before the connection goes", async () => {
    const running = await server({ "relay.commitThread": "true" });
    const queue = await createdQueue(running.url);
    const watch = await watcher(running.url);
    const requests = Array.from({ length: 64 }, (_, ref) => ({
      ref,
      request: { kind: "append" as const, value: appendOf(queue) },
    }));
    watch.send({ kind: "requests", value: requests });
    watch.send({ kind: "ping", value: { ref: 1 } });
    await watch.nextOf("pong");
    await running.close();
    expect(await watch.closed).toBe(1001);
    const answers = watch.waiting.flatMap((frame) => (frame.kind === "responses" ? frame.value : []));
    expect(answers).toHaveLength(64);
  });

  test("closing twice is closing once", async () => {
    const running = await server();
    await Promise.all([running.close(), running.close()]);
    await running.close();
  });

  test("a process that is asked to stop ends by itself, and its files open again", async () => {
    const data = temporaryFolder();
    const first = await serverProcess(data);
    const queue = await createdQueue(first.url);
    expect(await call(first.url, "append", appendOf(queue))).toMatchObject({ ok: true });
    await first.kill("SIGTERM");
    expect(first.process.exitCode).toBe(0);
    const second = await server({ data });
    expect(await readAll(second.url, queue)).toHaveLength(1);
  });
});

describe("starting", () => {
  test("a second server on the same folder is refused, until the first has ended, however it did", async () => {
    const first = await server();
    await expect(server({ data: first.data })).rejects.toMatchObject({ code: "folder-in-use" });
    const queue = await createdQueue(first.url);
    await first.close();
    const child = await serverProcess(first.data);
    await expect(server({ data: first.data })).rejects.toMatchObject({ code: "folder-in-use" });
    await child.kill("SIGKILL");
    const again = await server({ data: first.data });
    expect(await call(again.url, "append", appendOf(queue))).toMatchObject({ ok: true });
  });

  test("a database of a newer version is refused, and not touched", async () => {
    const { url, data, close } = await server();
    await createdQueue(url);
    await close();
    const database = new Database(`${data}/relay.sqlite`);
    database.exec("insert into migration (number, name) values (99, 'from the future')");
    database.close();
    await expect(server({ data })).rejects.toMatchObject({ code: "newer-database" });
  });

  test("a port that is taken is an error, and leaves nothing open", async () => {
    const { port } = await server();
    const data = temporaryFolder();
    await expect(server({ data, "listen.port": port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    await server({ data });
  });
});
