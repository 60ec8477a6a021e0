/**
 * The archive: sealing and opening beside WebCrypto's AES-256-GCM and the `age` tool over the same bytes, what a message
 * costs to upload beside uploading everything again, and restoring. Prints a JSON line for each figure.
 * `npm run bench archive`
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandom } from "@photon/engine/adapters/node";
import { type Change, noHead, openSegment, sealSegment, splitChanges } from "@photon/protocol/archive";
import { expectOk } from "@photon/protocol/codec";
import { hour, makeWorld, memoryRelay, must } from "@photon/testkit";
import { memoryVault } from "@photon/testkit/memory-vault";
import { isQuick, median, processorTime, rate, reporter } from "./measure.ts";

const report = reporter("archive");
const mebibyte = 1024 * 1024;

await sealing();
await uploading();

async function sealing(): Promise<void> {
  const changes = messages(isQuick ? 4_000 : 20_000);
  const size = changes.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
  const mebibytes = size / mebibyte;
  const key = systemRandom.bytes(32);
  const parts = splitChanges(changes);
  const seal = (): ReturnType<typeof sealSegment>[] =>
    parts.map((part, index) =>
      sealSegment(key, { epoch: 1, sequence: index + 1, changes: part, previous: noHead }, systemRandom.bytes(24)),
    );
  const sealed = seal();
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
  const plain = systemRandom.bytes(size);
  const iv = systemRandom.bytes(12);
  const boxed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, aes, plain);
  const aesSeal = mebibytes * (await rate(async () => void (await crypto.subtle.encrypt({ name: "AES-GCM", iv }, aes, plain))));
  const aesOpen = mebibytes * (await rate(async () => void (await crypto.subtle.decrypt({ name: "AES-GCM", iv }, aes, boxed))));
  const photonSeal = mebibytes * (await rate(async () => void seal()));
  const photonOpen =
    mebibytes *
    (await rate(async () => {
      for (const { bytes } of sealed) expectOk(openSegment(new Map([[1, key]]), bytes));
    }));
  report({
    what: "seal changes into segments, beside WebCrypto AES-256-GCM",
    value: photonSeal,
    unit: "MiB/s of CPU",
    beside: aesSeal,
  });
  report({
    what: "open segments into changes, beside WebCrypto AES-256-GCM",
    value: photonOpen,
    unit: "MiB/s of CPU",
    beside: aesOpen,
  });
  const age = stockAge(plain);
  if (age === undefined) report({ what: "the age tool is not installed", value: 0, unit: "runs" });
  else {
    report({
      what: "seal changes into segments, beside the age tool, start included",
      value: photonSeal,
      unit: "MiB/s",
      beside: mebibytes / age.seal,
    });
    report({
      what: "open segments into changes, beside the age tool, start included",
      value: photonOpen,
      unit: "MiB/s",
      beside: mebibytes / age.open,
    });
  }
}

/** Entries as messages are: a key of a hundred characters, a value of three hundred bytes. */
function messages(count: number): readonly Change[] {
  const node = systemRandom.bytes(8);
  return Array.from({ length: count }, (_, index) => ({
    key: `msg/${"0".repeat(32)}/${index.toString(16).padStart(34, "0")}-${"0".repeat(32)}`,
    hlc: { wall: 1_767_600_000_000 + index, counter: 0, node },
    value: systemRandom.bytes(300),
  }));
}

/** Seconds of the stock tool over the same bytes, to a key; undefined where it is not installed. */
function stockAge(plain: Uint8Array): { readonly seal: number; readonly open: number } | undefined {
  const folder = mkdtempSync(join(tmpdir(), "photon-bench-age-"));
  try {
    const [key, file, sealed] = [join(folder, "key"), join(folder, "plain"), join(folder, "sealed")];
    execFileSync("age-keygen", ["-o", key], { stdio: "ignore" });
    const recipient = /age1[a-z0-9]+/u.exec(readFileSync(key, "utf8"))?.[0] ?? "";
    writeFileSync(file, plain);
    const timed = (words: readonly string[]): number => {
      const began = performance.now();
      execFileSync("age", words, { stdio: "ignore" });
      return (performance.now() - began) / 1000;
    };
    const rounds = [1, 2, 3, 4, 5].map(() => ({
      seal: timed(["-r", recipient, "-o", sealed, file]),
      open: timed(["-d", "-i", key, "-o", file, sealed]),
    }));
    return { seal: median(rounds.map(({ seal }) => seal)), open: median(rounds.map(({ open }) => open)) };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Ana writes messages, one by one, and each is in the vault before the next. Then a new device takes it all in. */
async function uploading(): Promise<void> {
  const vault = memoryVault();
  const world = await makeWorld({ network: { transport: memoryRelay({ checks: false }), blobs: vault } });
  const [ana, ben] = [await world.person("phone"), await world.person("desktop")];
  await world.befriend(ana, "Ben", ben, "Ana");
  const count = isQuick ? 50 : 300;
  const uploaded = (): number => vault.calls.reduce((sum, { bytes }) => sum + bytes, 0);
  const before = uploaded();
  let again = 0;
  for (let number = 0; number < count; number++) {
    must(
      await ana.engine.send("Ben", `a message of about a hundred characters, as people write them all day long: number ${number}`),
    );
    must(await ana.engine.sync());
    again += must(await ana.engine.backupStatus()).bytes;
  }
  report({
    what: `uploaded per message, ${count} messages one by one, beside uploading everything each time`,
    value: (uploaded() - before) / count,
    unit: "bytes",
    beside: again / count,
  });
  world.advance(hour);
  const began = processorTime();
  await world.addDevice(ana, "laptop");
  report({
    what: `admit a device and restore ${count} messages, all three machines in one process`,
    value: processorTime() - began,
    unit: "s of CPU",
  });
  await world.close();
}
