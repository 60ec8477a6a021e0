/** Recoveries as a peer judges them, with real recovery keys: spec/03-lineage.md, from `successionIsOnce` on. */
import { type Bytes, concat, expectOk } from "@photon/protocol/codec";
import {
  completeSucceed,
  type Draft,
  type PlanParts,
  prepareSucceed,
  type SideId,
  type Statement,
} from "@photon/protocol/statement";
import {
  blindSignature,
  combinePartials,
  dealRecovery,
  blindRequest,
  hashSuccessions,
  openRecovery,
  type Random,
  recoveryCommitments,
  signPartials,
  successionCommitment,
  successionItem,
  type Threshold,
  verifyPartials,
} from "@photon/protocol/trustees";
import { fixed } from "../support.ts";

const dayLength = 86_400_000;
const blind = fixed("blind", 16);
/** A request as this relationship is shown it. */
export const shownRequest = (request: string): Bytes => blindRequest(fixed(request, 32), blind);
const suite = "ed25519-xwing-aes256gcm-sha512";

/** The same bytes for the same name, always. */
function seeded(name: string): Random {
  let drawn = 0;
  return (length) => {
    let out: Bytes = new Uint8Array();
    while (out.length < length) out = concat(out, fixed(`${name} ${drawn++}`, 32));
    return out.slice(0, length);
  };
}

export interface SucceedFields {
  readonly side: SideId;
  readonly heads: readonly Statement[];
  readonly leaves: Draft<"succeed">["body"]["leaves"];
  readonly inbox: Draft<"succeed">["body"]["inbox"];
  readonly custody: Draft<"succeed">["body"]["custody"];
  readonly plan: PlanParts;
  readonly threshold: Threshold;
  readonly request: string;
  /** Milliseconds; rounded down to its day. */
  readonly notBefore: number;
  readonly claimedAt: number;
}

/** Three trustees of one plan, two of whom are enough, and all three after a contest. */
export class Trustees {
  readonly #deal;
  readonly #seed: Bytes;
  readonly #version: number;

  constructor(name: string, version: number) {
    this.#deal = dealRecovery({ trustees: 3, threshold: 2 }, seeded(`deal of ${name}`));
    this.#seed = fixed(`blinding seed of ${name}`, 32);
    this.#version = version;
  }

  plan(side: SideId, epoch = 1): PlanParts {
    const commitments = recoveryCommitments(this.#deal.verification, this.#seed, this.#context(side, epoch));
    return { version: this.#version, commitments, admissionKeys: [] };
  }

  succeed(fields: SucceedFields): Statement {
    const { side, threshold, heads, leaves, inbox, custody, plan, claimedAt } = fields;
    const { verification, shares } = this.#deal;
    const { publicKey, salt, rho } = openRecovery(verification, this.#seed, this.#context(side, 1), threshold);
    const notBefore = Math.floor(fields.notBefore / dayLength);
    const header = { suite, threshold, request: fixed(fields.request, 32), notBefore, expiry: notBefore + 14 } as const;
    const draft: Draft<"succeed"> = {
      type: "succeed",
      side,
      heads: heads.map(({ id }) => id),
      claimedAt,
      body: {
        suite,
        epoch: 1,
        planVersion: this.#version,
        threshold,
        leaves,
        inbox,
        custody,
        plan,
        request: shownRequest(fields.request),
        notBefore: notBefore * dayLength,
        expiry: header.expiry * dayLength,
        nonce: fixed(`nonce ${threshold} ${fields.request}`, 32),
        publicKey,
        salt,
      },
    };
    const prepared = prepareSucceed(draft);
    const batch = hashSuccessions(header, [successionItem(successionCommitment(prepared), blind)]);
    const random = seeded("masks");
    const sets = shares.slice(0, threshold === 0 ? 2 : 3).map((own) => {
      const partials = signPartials(own, batch, random);
      return expectOk(verifyPartials(verification, own.index, batch, partials, random));
    });
    const [combined] = expectOk(combinePartials(verification, batch, sets));
    if (combined === undefined) throw new Error("nothing was signed");
    return completeSucceed(prepared, blindSignature(combined, rho));
  }

  #context(side: SideId, epoch: number) {
    return { side, planVersion: this.#version, epoch, delayHours: 48 };
  }
}
