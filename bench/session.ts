/**
 * The session by itself, in Node. Times are of the processor, so "/s" is on one core. Prints a JSON line for each figure.
 * `npm run bench session`
 */
import { nodeSessionCrypto } from "@photon/engine/adapters/node";
import { expectOk } from "@photon/protocol/codec";
import { makeSession, portableCrypto } from "@photon/protocol/session";
import { isQuick, milliseconds, reporter } from "./measure.ts";
import { plaintext, rate } from "./session/measure.ts";
import { found, join, makeConversation, makeMembers } from "./session/photon.ts";

const report = reporter("session");
const session = await makeSession(nodeSessionCrypto);
const portable = await makeSession(portableCrypto);

for (const leaves of [2, 4, 20]) {
  const value = await rate(await makeConversation(session, leaves));
  report({ what: `seal, open and encode both states, ${leaves} leaves, native primitives`, value, unit: "pairs/s of CPU" });
}
const slow = await rate(await makeConversation(portable, 4));
report({ what: "seal, open and encode both states, 4 leaves, portable primitives", value: slow, unit: "pairs/s of CPU" });

for (const size of isQuick ? [2, 6] : [2, 4, 6, 10, 20]) {
  const members = await makeMembers(session, size);
  const alone = await milliseconds(async () => void (await found(session, members)));
  report({ what: `found a generation of ${size} leaves`, value: alone, unit: "ms of CPU" });
  const founded = await found(session, members);
  const one = await milliseconds(async () => void (await join(session, founded, members, 1)));
  report({ what: `join a generation of ${size} leaves`, value: one, unit: "ms of CPU" });
  const all = await milliseconds(async () => {
    const fresh = await found(session, members);
    for (let place = 1; place < size; place++) await join(session, fresh, members, place);
  }, 3);
  report({ what: `found a generation of ${size} leaves, with all joins`, value: all, unit: "ms of CPU" });
  report({ what: `Welcome for ${size} leaves`, value: founded.welcome.length, unit: "bytes" });
  const encoded = session.encode(founded.generation);
  report({ what: `stored once for ${size} leaves`, value: encoded.fixed.length, unit: "bytes" });
  report({ what: `stored with each message for ${size} leaves`, value: encoded.moving.length, unit: "bytes" });
}

const [member] = await makeMembers(session, 1);
if (member === undefined) throw new Error("one member");
report({
  what: "make a key package",
  value: await milliseconds(async () => void (await makeMembers(session, 1)), 21),
  unit: "ms of CPU",
});
const inspect = async (): Promise<void> => void expectOk(await session.inspectKeyPackage(member.pair.public));
report({ what: "check a key package", value: await milliseconds(inspect, 21), unit: "ms of CPU" });
report({ what: "a key package", value: member.pair.public.length, unit: "bytes" });
const seal = async (): Promise<void> => void expectOk(await session.sealToPackages([member.pair.public], "bench", plaintext));
report({ what: "seal to one key package", value: await milliseconds(seal, 21), unit: "ms of CPU" });
const sealed = expectOk(await session.sealToPackages([member.pair.public], "bench", plaintext));
const open = async (): Promise<void> => void expectOk(await session.openWithPackage(sealed, member.pair, "bench"));
report({ what: "open with a key package", value: await milliseconds(open, 21), unit: "ms of CPU" });
