/** Contents of the kinds `trustee-…`, sorted by whom they are for: the owner of a plan, or a trustee. */
import type { Content } from "@photon/protocol/queue";
import type { TalkKind } from "@photon/protocol/recovery";
import { hearTrustee } from "../plan/hear.ts";
import type { Relationship } from "../relationship/model.ts";
import type { Work } from "../storage/core.ts";
import { noteApproval } from "../succession/notices.ts";
import { hearOwner } from "./hear.ts";

/** From the peer, by a leaf of theirs that is live. */
export async function hearTalk(work: Work, relationship: Relationship, kind: TalkKind, content: Content): Promise<void> {
  switch (kind) {
    case "trustee-ask":
    case "trustee-packet":
    case "trustee-contest":
    case "trustee-dismiss":
      return hearOwner(work, relationship, kind, content);
    case "trustee-answer":
    case "trustee-held":
    case "trustee-proof":
    case "trustee-lost":
      return hearTrustee(work, relationship.id, kind, content);
    case "trustee-approved":
      return noteApproval(work, relationship.id, content);
  }
}
