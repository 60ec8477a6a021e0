/** A trustee who means ill: what they hold is written over, in their own profile and past their program. */
import { openNodePorts } from "@photon/engine/node";
import { type Cbor, type CborMap, decodeCbor, encodeCbor, expectOk } from "@photon/protocol/codec";
import { decodePacket, encodePacket, type Shares } from "@photon/protocol/trustees";

/** Fields of a replicated row, and of what a trustee holds in it (spec/10-circle.md, `trust/`). */
const valueOfRow = 2;
const packetOfTrust = 6;
const longest = 64 * 1024;

/**
 * Puts each share that a profile holds for others in another's place: all are shares still, and fit nothing. The program that
 * opens the profile next gives them out in good faith. @param folder of a profile that nobody uses now. @returns how many packets.
 */
export async function spoilShares(folder: string): Promise<number> {
  const { ports, close } = expectOk(await openNodePorts(folder));
  try {
    let spoiled = 0;
    for (const { key, value: row } of await ports.store.list("state", { prefix: "trust/" })) {
      if (!key.includes("/p-")) continue;
      const entry = mapOf(row);
      const trust = mapOf(bytesIn(entry, valueOfRow));
      if (!trust.has(packetOfTrust)) continue;
      const packet = expectOk(decodePacket(bytesIn(trust, packetOfTrust)));
      const changed = new Map(trust).set(packetOfTrust, encodePacket({ ...packet, shares: swapped(packet.shares) }));
      const value = encodeCbor(new Map(entry).set(valueOfRow, encodeCbor(changed)));
      expectOk(await ports.store.commit([{ table: "state", key, value }]));
      spoiled += 1;
    }
    return spoiled;
  } finally {
    await close();
  }
}

const swapped = ({ index, uncontested, contested, opener, openerBlinding }: Shares): Shares => ({
  index,
  uncontested: contested,
  contested: uncontested,
  opener: openerBlinding,
  openerBlinding: opener,
});

function mapOf(bytes: Uint8Array): CborMap {
  const map = expectOk(decodeCbor(bytes, longest));
  if (!(map instanceof Map)) throw new Error("a row that is no map");
  return map;
}

function bytesIn(map: CborMap, field: number): Uint8Array<ArrayBuffer> {
  const value: Cbor | undefined = map.get(field);
  if (!(value instanceof Uint8Array)) throw new Error(`no bytes in field ${field}`);
  return new Uint8Array(value);
}
