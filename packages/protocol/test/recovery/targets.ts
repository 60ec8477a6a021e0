/** What strangers, trustees, devices and new devices feed to each other in a recovery. */
import { asBytes, type Bytes, encode, encodeCbor, equalBytes, expectOk, utf8 } from "@photon/protocol/codec";
import {
  type Author,
  casesOf,
  checkRequest,
  codeOf,
  decodeRequest,
  decodeTalk,
  encodeRequest,
  encodeTalk,
  type EntryBody,
  entrySchema,
  joinBatches,
  joinPartials,
  openRequest,
  parseRequestCode,
  readEntry,
  readReply,
  type ReplyBody,
  replySchema,
  requestIn,
  sealRequest,
  type TalkKind,
  talkSchemas,
} from "@photon/protocol/recovery";
import { sealBucket } from "@photon/protocol/queue";
import { openerShareOf } from "@photon/protocol/trustees";
import { expectOutcome, type FuzzTarget } from "../queue/fuzz.ts";
import { deal, trustee } from "../trustees/people.ts";
import { anasLaptop, approval, ben, dealerKey, digest, fill, joint, newPhoneAuthor, partsOf, plan, relay, request, talkSamples } from "./people.ts"; // prettier-ignore
import { rules, start } from "./sightings.ts";

const nonce = fill(24, 1);
const code = codeOf(request, relay);
const asText = (bytes: Bytes): string => new TextDecoder().decode(bytes);

const entryBodies: readonly (readonly [Author, EntryBody])[] = [
  [ben, approval()],
  [joint, { kind: "press", value: { request: digest } }],
  [ben, { kind: "release", value: { request: digest, level: 1 } }],
  [anasLaptop, { kind: "contest", value: { request: digest, reason: "not-me" } }],
  [anasLaptop, { kind: "pin", value: { vault: "https://vault.example", register: fill(16, 1), sequence: 1, head: fill(32, 2) } }],
  ...partsOf(3).map((value): readonly [Author, EntryBody] => [newPhoneAuthor, { kind: "batch", value }]),
];
const innerEntry = ([{ signer, role, certificate }, body]: readonly [Author, EntryBody]): Bytes => {
  const own = certificate === undefined ? {} : { certificate };
  return encode(entrySchema, { ...plan, author: asBytes(signer.publicKey), role, ...own, at: role === "joint" ? 0 : 7, body });
};
/** Signed anew, so that what is tested lies behind the signature. */
const signed = async (label: string, { signer }: Author, parts: readonly Bytes[]): Promise<Bytes> => {
  const inner = parts.at(-1) ?? fill(0, 0);
  const signature = asBytes(await signer.sign(encodeCbor([label, ...parts])));
  return encodeCbor(new Map([[1, inner], [2, signature]])); // prettier-ignore
};

const { index } = trustee(0);
const places = [{ vault: "https://vault.example", register: fill(16, 1), sequence: 1 }];
const replyBodies: readonly ReplyBody[] = [
  {
    kind: "approval",
    value: {
      level: 0,
      threshold: 3,
      contested: 4,
      delayHours: 48,
      hint: "goat",
      seen: 1,
      readyAt: 0,
      contestedNow: 0,
      index,
      verification: deal.verification.data,
      places,
    },
  },
  { kind: "release", value: { share: openerShareOf(trustee(0)), places } },
  { kind: "partials", value: { index, batch: fill(32, 1), part: 0, parts: 2, partials: fill(96, 1) } },
  { kind: "refusal", value: { batch: fill(32, 1), reason: "too-many" } },
];
const innerReply = (body: ReplyBody): Bytes => {
  const { signer, certificate } = ben;
  if (certificate === undefined) throw new Error("Ben is certified");
  return encode(replySchema, { ...plan, dealerKey, author: asBytes(signer.publicKey), certificate, body });
};

function useEntry(received: Bytes): void {
  const entry = readEntry(received, plan, dealerKey);
  expectOutcome(entry);
  if (!entry.ok) return;
  const { body } = entry.value;
  if (body.kind === "approve") expectOutcome(requestIn(body.value));
  if (body.kind === "batch") joinBatches([body.value, body.value]);
  casesOf(rules, [{ entry: entry.value, firstSeen: start }], [], start);
}
function useReply(opened: Bytes): void {
  const reply = readReply(digest, opened);
  expectOutcome(reply);
  if (reply.ok && reply.value.body.kind === "partials") joinPartials([reply.value.body.value], 2);
}
const talk = (kind: TalkKind): FuzzTarget => ({
  name: `decodeTalk: ${kind}`,
  valid: [encodeTalk(kind, talkSamples[kind])],
  run: (input) => {
    const decoded = decodeTalk(kind, input);
    expectOutcome(decoded);
    if (decoded.ok && !equalBytes(encodeTalk(kind, decoded.value), input)) throw new Error("accepted, but encodes differently");
  },
});

export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "parseRequestCode",
    valid: [utf8(code.spoken), utf8(code.spoken.toUpperCase())],
    run: (input) => expectOutcome(parseRequestCode(asText(input), relay)),
  },
  {
    name: "openRequest: bytes from a relay",
    valid: [expectOk(sealRequest(code, request, nonce))],
    run: (input) => expectOutcome(openRequest(code, input)),
  },
  {
    name: "decodeRequest, and openRequest under a code of its own",
    valid: [request],
    run: (input) => {
      const decoded = decodeRequest(input);
      expectOutcome(decoded);
      if (decoded.ok && !equalBytes(encodeRequest(decoded.value), input)) throw new Error("accepted, but encodes differently");
      expectOutcome(checkRequest(input, code.entropy));
      const own = codeOf(input, relay);
      const drop = sealBucket(own.sealKey, "photon/recovery/request/1", input, nonce);
      if (drop.ok) expectOutcome(openRequest(own, drop.value));
    },
  },
  {
    name: "readEntry: whatever lies on the board",
    valid: entryBodies.map((one) => encodeCbor(new Map([[1, innerEntry(one)], [2, fill(64, 1)]]))), // prettier-ignore
    run: useEntry,
  },
  {
    name: "readEntry: whatever a trustee signs",
    valid: entryBodies.map(innerEntry),
    run: async (input) => {
      for (const author of [ben, anasLaptop, newPhoneAuthor]) useEntry(await signed("photon/plan/entry/1", author, [input]));
    },
  },
  {
    name: "readReply: whatever was sealed to the new device",
    valid: replyBodies.map((body) => encodeCbor(new Map([[1, innerReply(body)], [2, fill(64, 1)]]))), // prettier-ignore
    run: useReply,
  },
  {
    name: "readReply: whatever a trustee signs",
    valid: replyBodies.map(innerReply),
    run: async (input) => useReply(await signed("photon/recovery/reply/1", ben, [digest, input])),
  },
  ...(Object.keys(talkSchemas) as TalkKind[]).map(talk),
];
