/** What two devices of one person tell each other while one admits the other (spec/10-circle.md, "Adding a device"). */
import { bytes, list, type SchemaType, struct, text, uint } from "@photon/protocol/codec";
import { changeSchema } from "@photon/protocol/archive";
import { leafSchema } from "@photon/protocol/statement";

/** From the new device, under the code: who it will be. Its keys are its own; only public halves travel. */
export const introductionSchema = struct({
  device: [1, text(16)],
  name: [2, text(64)],
  /** Its leaf in the circle. */
  leaf: [3, leafSchema],
  /** Its age recipient: the archive is wrapped to it from now on. */
  recipient: [4, text(4096)],
});
export type Introduction = SchemaType<typeof introductionSchema>;

/** From the old device: where the archive is. All else the new device restores from there. */
export const welcomeSchema = struct({
  relay: [1, text(256)],
  /** The circle's record of the archive's place and keys. */
  location: [2, changeSchema],
  /** The name it got in the circle, where its own was taken. */
  name: [3, text(64)],
  /** The archive is at least this far: an older head at a vault is a rollback. */
  pins: [4, list(struct({ register: [1, bytes(16)], sequence: [2, uint()], headHash: [3, bytes(32)] }), { max: 3 })],
});

/** Days for which the three drops stay at the relay; the exchange itself takes seconds. */
export const dropDays = 1;
