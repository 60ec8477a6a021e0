/**
 * One message in a Matrix room of two devices, by `@matrix-org/matrix-sdk-crypto-wasm`: Rust in WebAssembly, Megolm, which
 * signs each message with Ed25519 as MLS does. Its events are JSON, it keeps state in memory here, has no post-quantum part,
 * and one ratchet for all receivers that is handed over anew only every so many messages.
 *
 * Plain JavaScript: the package is not installed with the workspace, so there are no types of it.
 */
import * as matrix from "@matrix-org/matrix-sdk-crypto-wasm";

const roomName = "!room:example.org";
const settings = () => new matrix.DecryptionSettings(matrix.TrustRequirement.Untrusted);

/** What a homeserver does for two machines: keeps the keys they upload and hands them on. */
class Homeserver {
  #devices = {};
  #oneTime = {};
  async upload(machine, user, device) {
    for (const request of await machine.outgoingRequests()) {
      if (request.type !== matrix.RequestType.KeysUpload) continue;
      const body = JSON.parse(request.body);
      if (body.device_keys !== undefined) this.#devices[user] = { [device]: body.device_keys };
      this.#oneTime[user] = { [device]: { ...this.#oneTime[user]?.[device], ...body.one_time_keys } };
      const counts = { signed_curve25519: Object.keys(this.#oneTime[user][device]).length };
      await machine.markRequestAsSent(request.id, request.type, JSON.stringify({ one_time_key_counts: counts }));
    }
  }
  async query(machine, users) {
    const request = machine.queryKeysForUsers(users.map((user) => new matrix.UserId(user)));
    const answer = JSON.stringify({ device_keys: this.#devices, failures: {} });
    await machine.markRequestAsSent(request.id, request.type, answer);
  }
  async claim(machine, user, device) {
    const request = await machine.getMissingSessions([new matrix.UserId(user)]);
    if (request === undefined || request === null) return;
    const [[id, key]] = Object.entries(this.#oneTime[user][device]);
    const answer = JSON.stringify({ one_time_keys: { [user]: { [device]: { [id]: key } } }, failures: {} });
    await machine.markRequestAsSent(request.id, request.type, answer);
  }
}

/** @param {Uint8Array} plaintext */
export async function makeConversation(plaintext) {
  await matrix.initAsync();
  const room = () => new matrix.RoomId(roomName);
  const [anaName, benName] = ["@ana:example.org", "@ben:example.org"];
  const make = (name, device) => matrix.OlmMachine.initialize(new matrix.UserId(name), new matrix.DeviceId(device));
  const ana = await make(anaName, "ANA");
  const ben = await make(benName, "BEN");
  const server = new Homeserver();
  await server.upload(ana, anaName, "ANA");
  await server.upload(ben, benName, "BEN");
  for (const machine of [ana, ben]) {
    await machine.updateTrackedUsers([new matrix.UserId(anaName), new matrix.UserId(benName)]);
    await server.query(machine, [anaName, benName]);
  }
  await server.claim(ana, benName, "BEN");

  const encryption = new matrix.EncryptionSettings();
  encryption.rotationPeriodMessages = 1_000_000_000n;
  const requests = await ana.shareRoomKey(room(), [new matrix.UserId(benName)], encryption);
  for (const request of requests) {
    const { messages } = JSON.parse(request.body);
    const content = messages[benName].BEN;
    const event = { sender: anaName, type: request.event_type, content };
    await ben.receiveSyncChanges(JSON.stringify([event]), new matrix.DeviceLists(), new Map(), new Set(), settings());
    await ana.markRequestAsSent(request.id, request.type, "{}");
  }

  const body = new TextDecoder().decode(plaintext);
  const content = JSON.stringify({ msgtype: "m.text", body });
  let count = 0;
  return async () => {
    const encrypted = await ana.encryptRoomEvent(room(), "m.room.message", content);
    count += 1;
    const event = { type: "m.room.encrypted", event_id: `$${count}`, sender: anaName, origin_server_ts: count, room_id: roomName };
    const full = JSON.stringify({ ...event, content: JSON.parse(encrypted) });
    const opened = await ben.decryptRoomEvent(full, room(), settings());
    if (count === 1 && JSON.parse(opened.event).content.body !== body) throw new Error("Megolm opened something else");
  };
}
