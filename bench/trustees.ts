/**
 * Recovery keys by themselves: what each party of a recovery computes for each relationship, for a plan of three of five.
 * Times are of the processor, on one core. Beside the largest stands the smallest: the growth must be linear.
 * `npm run bench trustees`
 */
import { type Bytes, expectOk } from "@photon/protocol/codec";
import { completeSucceed, makeSideId, prepareSucceed } from "@photon/protocol/statement";
import {
  blindFor,
  blindRequest,
  blindSignature,
  combineOpener,
  combinePartials,
  dayLength,
  dealRecovery,
  hashSuccessions,
  openerShareOf,
  packetLength,
  openRecovery,
  proveHolding,
  recoveryCommitments,
  signPartials,
  successionCommitment,
  successionItem,
  type VerifiedPartials,
  verifyHolding,
  verifyPartials,
  verifyShares,
  verifySuccession,
} from "@photon/protocol/trustees";
import { drafts } from "../vectors/topics/statement-drafts.ts";
import { isQuick, milliseconds, processorTime, reporter } from "./measure.ts";

const report = reporter("trustees");
const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
const deal = dealRecovery({ trustees: 5, threshold: 3 }, random);
const { verification } = deal;
const [ben] = deal.shares;
if (ben === undefined) throw new Error("five trustees");
const header = { suite: "ed25519-xwing-aes256gcm-sha512", threshold: 0, request: random(32), notBefore: 1, expiry: 15 } as const;
const context = { side: makeSideId(random(32)), planVersion: 1, epoch: 1, delayHours: 48 };
const seed = random(32);
const { rho } = blindFor(seed, context, 0);

/** Milliseconds for each of `size` relationships. */
function timed<T>(size: number, work: () => T): { readonly each: number; readonly value: T } {
  const started = processorTime();
  const value = work();
  return { each: ((processorTime() - started) * 1000) / size, value };
}

function recover(size: number): Readonly<Record<string, number>> {
  const items = Array.from({ length: size }, () => random(48));
  const hash = timed(size, () => hashSuccessions(header, items));
  const sets: VerifiedPartials[] = [];
  let [sign, verify] = [0, 0];
  for (const shares of deal.shares.slice(0, 3)) {
    const partials = timed(size, () => signPartials(shares, hash.value, random));
    const checked = timed(size, () => expectOk(verifyPartials(verification, shares.index, hash.value, partials.value, random)));
    sets.push(checked.value);
    sign += partials.each / 3;
    verify += checked.each / 3;
  }
  const combine = timed(size, () => expectOk(combinePartials(verification, hash.value, sets)));
  const blind = timed(size, () => combine.value.map((one) => blindSignature(one, rho)));
  return {
    "a trustee: hash and sign": hash.each + sign,
    "new device: check one trustee's": verify,
    "new device, three trustees: hash, check, combine, blind": hash.each + 3 * verify + combine.each + blind.each,
    "new device, five trustees: hash, check, combine, blind": hash.each + 5 * verify + combine.each + blind.each,
  };
}

function succeed() {
  const [, sample] = drafts.succeed[0] ?? [];
  if (sample === undefined) throw new Error("no draft of a succession");
  const { publicKey, salt } = openRecovery(verification, seed, context, 0);
  const times = { notBefore: header.notBefore * dayLength, expiry: header.expiry * dayLength };
  const { threshold } = header;
  const blind = random(16);
  const request = blindRequest(header.request, blind);
  const prepared = prepareSucceed({ ...sample, body: { ...sample.body, ...times, threshold, request, publicKey, salt } });
  const batch = hashSuccessions(header, [successionItem(successionCommitment(prepared), blind)]);
  const sets = deal.shares
    .slice(0, 3)
    .map((shares) => expectOk(verifyPartials(verification, shares.index, batch, signPartials(shares, batch, random), random)));
  const [combined] = expectOk(combinePartials(verification, batch, sets));
  if (combined === undefined) throw new Error("nothing was signed");
  return completeSucceed(prepared, blindSignature(combined, rho));
}

recover(20); // so that the engine has compiled it
const sizes = isQuick ? [20, 100] : [100, 1000];
const [few, many] = sizes.map(recover);
for (const [what, value] of Object.entries(many ?? {})) {
  report({ what: `${what}, for each of ${sizes[1] ?? 0}`, value, unit: "ms of CPU", beside: few?.[what] ?? Number.NaN });
}

const one = async (what: string, work: () => void): Promise<void> =>
  report({ what, value: await milliseconds(() => Promise.resolve(work()), 9), unit: "ms of CPU" });
await one("deal to five", () => void dealRecovery({ trustees: 5, threshold: 3 }, random));
await one("a trustee: check the shares of a packet", () => void verifyShares(verification, ben, random));
await one("the two commitments of a relationship", () => void recoveryCommitments(verification, seed, context));
const succession = succeed();
await one("a peer: check a succession", () => void expectOk(verifySuccession(succession)));
const proof = proveHolding(ben, seed, random);
await one("prove holding", () => void proveHolding(ben, seed, random));
await one("check a proof of holding", () => void expectOk(verifyHolding(verification, ben.index, seed, proof)));
const released = deal.shares.slice(0, 3).map(openerShareOf);
await one("check and add up three shares of the opener", () => void expectOk(combineOpener(verification, released, random)));
report({ what: "a packet", value: packetLength, unit: "bytes" });
