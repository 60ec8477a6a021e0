import { identityToRecipient } from "age-encryption";
import { describe, expect, test } from "vitest";
import { decode, encode, expectOk, toHex } from "@photon/protocol/codec";
import { decryptWithIdentity, unwrapEpochKeys, wrapEpochKeys } from "@photon/protocol/archive";
import {
  combineOpener,
  dealRecovery,
  type OpenerShare,
  openerShareOf,
  openerShareSchema,
  verifyOpenerShare,
} from "@photon/protocol/trustees";
import { field, makeScalar, numberOf } from "../../src/trustees/scalars.ts";
import { deal, fill, laterDeal, random, seeded, trustee } from "./people.ts";

const shares = deal.shares.map(openerShareOf);
const share = (number: number): OpenerShare => openerShareOf(trustee(number));
const spoiled = (one: OpenerShare): OpenerShare => ({ ...one, opener: makeScalar(field.add(numberOf(one.opener), 1n)) });
const combine = (list: readonly OpenerShare[]) => combineOpener(deal.verification, list, random);

describe("the opener's shares", () => {
  test("of any three trustees open the archive, and are checked one by one", async () => {
    for (const one of shares) expect(verifyOpenerShare(deal.verification, one.index, one, random).ok).toBe(true);
    const file = await wrapEpochKeys([{ epoch: 4, key: fill(32, 7) }], [deal.recipient]);
    for (const who of [
      [0, 1, 2],
      [4, 2, 3],
    ]) {
      // prettier-ignore
      const { identity, recipient, bad } = expectOk(combine(who.map(share)));
      expect(bad).toEqual([]);
      expect(recipient).toBe(deal.recipient);
      expect(await identityToRecipient(identity)).toBe(deal.recipient);
      const opened = await unwrapEpochKeys(file, (bytes) => decryptWithIdentity(bytes, identity));
      expect(expectOk(opened)).toEqual(new Map([[4, fill(32, 7)]]));
    }
  });

  test("carry the opener's part alone: nothing that signs", () => {
    const encoded = encode(openerShareSchema, share(0));
    expect(expectOk(decode(openerShareSchema, encoded, 256))).toEqual(share(0));
    for (const key of [trustee(0).uncontested, trustee(0).contested]) expect(toHex(encoded)).not.toContain(toHex(key));
  });

  test("of two are too few, however often they are given", () => {
    for (const list of [[], [share(0)], [share(0), share(1)], [share(0), share(1), share(0)]]) {
      expect(combine(list)).toMatchObject({ ok: false, error: { code: "wrong-count", bad: [] } });
    }
  });

  test("that are bad are named and left out, wherever they stand", () => {
    expect(combine([spoiled(share(0)), share(1), share(2)])).toMatchObject({
      ok: false,
      error: { code: "wrong-count", bad: [0] },
    });
    const enough = expectOk(combine([share(3), spoiled(share(0)), share(1), share(4), spoiled(share(2))]));
    expect(enough).toMatchObject({ recipient: deal.recipient, bad: [1, 4] });
  });

  test("more than it takes are no fault", () => {
    expect(expectOk(combine(shares)).recipient).toBe(deal.recipient);
  });

  test("of a bad one do not stand in the way of the good one of the same trustee", () => {
    expect(expectOk(combine([spoiled(share(0)), share(0), share(1), share(2)]))).toMatchObject({ bad: [0] });
  });

  test("are refused at another index, of another plan version, or with another blinding", () => {
    const [ben, chi] = [share(0), share(1)];
    const check = (one: OpenerShare, index = one.index) => verifyOpenerShare(deal.verification, index, one, random);
    expect(check(chi, ben.index)).toMatchObject({
      error: { code: "bad-share", detail: expect.stringContaining("$.index") as string },
    });
    expect(check({ ...chi, index: ben.index })).toMatchObject({ ok: false, error: { code: "bad-share", detail: "$.opener" } });
    expect(check(openerShareOf(trustee(0, laterDeal)))).toMatchObject({ ok: false, error: { code: "bad-share" } });
    expect(check({ ...ben, openerBlinding: chi.openerBlinding })).toMatchObject({ ok: false, error: { code: "bad-share" } });
    expect(combine([ben, chi, openerShareOf(trustee(2, laterDeal))])).toMatchObject({ ok: false, error: { bad: [2] } });
  });

  test("with a threshold of one are the secret itself, and still fit", () => {
    const alone = dealRecovery({ trustees: 2, threshold: 1 }, seeded("alone"));
    const [one] = alone.shares;
    if (one === undefined) throw new Error("two trustees");
    expect(expectOk(combineOpener(alone.verification, [openerShareOf(one)], random)).recipient).toBe(alone.recipient);
  });
});
