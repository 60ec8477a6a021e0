/** What a trustee says to the owner of a plan. It only moves that trustee's own state; what follows is done by the duties. */
import { decode, encode, equalBytes, struct, uint, bytes } from "@photon/protocol/codec";
import { decodeTalk, monthOf, type TalkKind } from "@photon/protocol/recovery";
import { holdingProofSchema, verifyHolding } from "@photon/protocol/trustees";
import type { Content } from "@photon/protocol/queue";
import { setRecord } from "../relationship/records.ts";
import type { Work } from "../storage/core.ts";
import { verificationOf } from "./announce.ts";
import { type KnownPlan, loadPlans, type Member, memberSchema, planKeys } from "./records.ts";

/** What a proof of holding is made over: the plan and the month. */
const challengeSchema = struct({ plan: [1, bytes(32)], version: [2, uint()], month: [3, uint()] });
export const challengeOf = (plan: Uint8Array<ArrayBuffer>, version: number, month: number): Uint8Array<ArrayBuffer> =>
  encode(challengeSchema, { plan, version, month });

export type ToOwner = Extract<TalkKind, "trustee-answer" | "trustee-held" | "trustee-proof" | "trustee-lost">;

/** About a plan of ours in which they have a part; anything else is passed over. */
export async function hearTrustee(work: Work, relationship: string, kind: ToOwner, content: Content): Promise<void> {
  const plans = await loadPlans(work);
  const find = (name: { readonly plan: Uint8Array; readonly version: number }): [KnownPlan, Member] | undefined => {
    const known = plans.find(({ plan }) => equalBytes(plan.plan, name.plan) && plan.version === name.version);
    const member = known?.members.get(relationship);
    return known === undefined || member === undefined ? undefined : [known, member];
  };
  const keep = (version: number, member: Member): Promise<void> =>
    setRecord(work, planKeys.member(version, relationship), memberSchema, member);
  const now = work.now();
  switch (kind) {
    case "trustee-answer": {
      const talk = decodeTalk(kind, content.body);
      const found = talk.ok ? find(talk.value) : undefined;
      if (!talk.ok || found === undefined) return;
      const [{ plan }, member] = found;
      if (member.state === "asked" || member.state === "refused" || member.state === "accepted")
        await keep(plan.version, { ...member, state: talk.value.accepts ? "accepted" : "refused", since: now, willing: now });
      else await keep(plan.version, talk.value.accepts ? { ...member, willing: now } : { ...member, state: "lost", since: now });
      return;
    }
    case "trustee-held": {
      const talk = decodeTalk(kind, content.body);
      const found = talk.ok ? find(talk.value) : undefined;
      if (!talk.ok || found === undefined) return;
      const [{ plan }, member] = found;
      if (member.packet === undefined || !equalBytes(member.packet, talk.value.packet)) return;
      if (member.state === "sent") await keep(plan.version, { ...member, state: "holding", since: now, proved: now });
      return;
    }
    case "trustee-proof": {
      const talk = decodeTalk(kind, content.body);
      const found = talk.ok ? find(talk.value) : undefined;
      if (!talk.ok || found === undefined) return;
      const [{ plan, dealt }, member] = found;
      const proof = decode(holdingProofSchema, talk.value.proof, 1024);
      if (dealt === undefined || member.index === undefined || !proof.ok) return;
      // A month that is long past, or to come, proves nothing of now.
      if (Math.abs(talk.value.month - monthOf(now)) > 1) return;
      const challenge = challengeOf(plan.plan, plan.version, talk.value.month);
      if (!verifyHolding(verificationOf(dealt), member.index, challenge, proof.value).ok) return;
      await keep(plan.version, { ...member, state: "holding", proved: now });
      return;
    }
    case "trustee-lost": {
      const talk = decodeTalk(kind, content.body);
      const found = talk.ok ? find(talk.value) : undefined;
      if (found !== undefined) await keep(found[0].plan.version, { ...found[1], state: "lost", since: now });
      return;
    }
  }
}
