/** What strangers feed to decoders of `meeting`. */
import { type Bytes, encode, expectOk, utf8 } from "@photon/protocol/codec";
import {
  answerRendezvous,
  makeDeviceCode,
  makeInvitation,
  offerSchema,
  openOffer,
  openReply,
  parseDeviceCode,
  parseInvitation,
  parseOrigin,
  readAnswer,
  sealOffer,
  sealReply,
  startRendezvous,
} from "@photon/protocol/meeting";
import { sealBucket } from "@photon/protocol/queue";
import { makeStatementId } from "@photon/protocol/statement";
import { expectOutcome, type FuzzTarget } from "../queue/fuzz.ts";

const fill = (length: number, value = 1): Bytes => new Uint8Array(length).fill(value);
const nonce = fill(24);
const psk = fill(32, 3);
const entropy = fill(16, 4);
const relay = "https://relay.example";
const invitation = makeInvitation({ entropy, relay, found: makeStatementId(fill(32)), expires: 1_800_000_000_000 });
const offer = {
  suite: "ed25519-xwing-aes256gcm-sha512",
  invitation: invitation.id,
  expires: 1,
  statements: [fill(90), fill(40)],
} as const;
const started = startRendezvous(psk, fill(32));
const answered = expectOk(answerRendezvous(psk, started.message, fill(64), utf8("Hello")));
const asText = (bytes: Bytes): string => new TextDecoder().decode(bytes);

export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "parseInvitation",
    valid: [utf8(invitation.link), utf8(invitation.words), utf8("http://localhost:4000 zoo")],
    run: (input) => expectOutcome(parseInvitation(asText(input), relay)),
  },
  {
    name: "parseDeviceCode",
    valid: [utf8(makeDeviceCode({ entropy, relay: "http://localhost:1" }).code)],
    run: (input) => expectOutcome(parseDeviceCode(asText(input))),
  },
  {
    name: "parseOrigin",
    valid: [utf8(relay), utf8("http://[::1]:9"), utf8("127.0.0.1:1")],
    run: (input) => {
      const origin = parseOrigin(asText(input));
      if (origin !== undefined && parseOrigin(origin) !== origin) throw new Error(`${origin} is not canonical`);
    },
  },
  {
    name: "openOffer: bytes from a relay",
    valid: [expectOk(sealOffer(invitation.sealKey, offer, nonce))],
    run: (input) => expectOutcome(openOffer(invitation, input)),
  },
  {
    name: "openOffer: an offer from a stranger",
    valid: [encode(offerSchema, offer)],
    run: (input) => {
      const sealed = sealBucket(invitation.sealKey, "photon/offer/1", input, nonce);
      if (sealed.ok) expectOutcome(openOffer(invitation, sealed.value));
    },
  },
  {
    name: "answerRendezvous",
    valid: [started.message],
    run: (input) => expectOutcome(answerRendezvous(psk, input, fill(64), fill(5))),
  },
  { name: "readAnswer", valid: [answered.message], run: (input) => expectOutcome(readAnswer(started.secret, input)) },
  {
    name: "openReply",
    valid: [expectOk(sealReply(answered.key, utf8("Hello"), nonce))],
    run: (input) => expectOutcome(openReply(answered.key, input)),
  },
];
