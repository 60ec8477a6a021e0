import { describe, expect, test } from "vitest";
import { type Bytes, expectOk, utf8 } from "@photon/protocol/codec";
import { isOfferOf, makeInvitation, type Offer, openOffer, sealOffer } from "@photon/protocol/meeting";
import { buckets, openDeposit } from "@photon/protocol/queue";
import { statementIdOf } from "@photon/protocol/statement";

const fill = (length: number, value: number): Bytes => new Uint8Array(length).fill(value);
const found = utf8("found, signed by Ana's phone");
const expires = Date.UTC(2026, 5, 1);
const make = (entropy: Bytes) => makeInvitation({ entropy, relay: "https://relay.example", found: statementIdOf(found), expires });
const invitation = make(fill(16, 1));
const offer: Offer = {
  suite: "ed25519-xwing-aes256gcm-sha512",
  invitation: invitation.id,
  expires,
  statements: [found, utf8("admit")],
};

describe("an offer", () => {
  test("opens with the invitation that it was made for, and looks like any deposit until then", () => {
    const body = expectOk(sealOffer(invitation.sealKey, offer, fill(24, 2)));
    expect(buckets).toContain(body.length);
    expect(expectOk(openOffer(invitation, body))).toEqual(offer);
    expect(openOffer(make(fill(16, 9)), body)).toMatchObject({ ok: false, error: { code: "cannot-open" } });
    expect(openDeposit([invitation.sealKey], body)).toMatchObject({ ok: false, error: { code: "cannot-open" } });
  });

  test("of another invitation is refused, even under this one's key", () => {
    const body = expectOk(sealOffer(invitation.sealKey, { ...offer, invitation: fill(16, 9) }, fill(24, 2)));
    expect(openOffer(invitation, body)).toMatchObject({ ok: false, error: { code: "wrong-shape" } });
  });

  test("swapped for another inviter's does not fit the link", () => {
    expect(isOfferOf(offer, statementIdOf(found))).toBe(true);
    const swapped = { ...offer, statements: [utf8("found, signed by Dee"), found] };
    expect(isOfferOf(swapped, statementIdOf(found))).toBe(false);
  });

  test("too long for one bucket is refused", () => {
    const statements = Array.from({ length: 3 }, () => fill(30_000, 1));
    expect(sealOffer(invitation.sealKey, { ...offer, statements }, fill(24, 2))).toMatchObject({
      ok: false,
      error: { code: "too-long" },
    });
  });
});
