/** Invitations, device codes and safety words: spec/06-meeting.md. */
import { encode, expectOk, ok, type Result, toHex } from "@photon/protocol/codec";
import {
  answerRendezvous,
  fingerprint,
  makeDeviceCode,
  makeInvitation,
  offerSchema,
  openOffer,
  openReply,
  parseDeviceCode,
  parseInvitation,
  readAnswer,
  safetyWords,
  sealOffer,
  sealReply,
  startRendezvous,
} from "@photon/protocol/meeting";
import { sealBucket } from "@photon/protocol/queue";
import { makeSideId, makeStatementId, statementIdOf } from "@photon/protocol/statement";
import {
  bytesOf,
  edited,
  type Fields,
  fixed,
  type InvalidCase,
  numberOf,
  textOf,
  toJson,
  type Topic,
  type ValidCase,
} from "../support.ts";

type Function = (input: Fields) => Result<unknown, { readonly code: string }>;
const runs = (functions: Readonly<Record<string, Function>>): Topic["types"] =>
  Object.fromEntries(
    Object.entries(functions).map(([name, run]) => [
      name,
      (input: Fields) => {
        const result = run(input);
        return result.ok ? ok(toJson(result.value)) : result;
      },
    ]),
  );
const computed = (functions: Readonly<Record<string, Function>>, type: string, name: string, input: Fields): ValidCase => {
  const result = functions[type]?.(input);
  if (result?.ok !== true) throw new Error(`${name}: ${JSON.stringify(result)}`);
  return { name, type, input, output: toJson(result.value) };
};
const refused = (type: string, name: string, input: Fields, error: string): InvalidCase => ({
  name: `${type}: ${name}`,
  type,
  input,
  error,
});

const entropy = fixed("invitation entropy", 16);
const found = makeStatementId(fixed("found", 32));
const expires = 1_790_604_800_000;
const made = makeInvitation({ entropy, relay: "https://relay.example", found, expires });
const loopback = makeInvitation({ entropy, relay: "http://localhost:8080", found, expires });
const otherLetter = (text: string, at: number): string => text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
const offer = {
  suite: "ed25519-xwing-aes256gcm-sha512",
  invitation: made.id,
  expires,
  statements: [fixed("found bytes", 300), fixed("admit bytes", 300)],
} as const;

const invitationFunctions: Readonly<Record<string, Function>> = {
  make: (input) =>
    ok(
      makeInvitation({
        entropy: bytesOf(input, "entropy"),
        relay: textOf(input, "relay"),
        found: makeStatementId(bytesOf(input, "found")),
        expires: numberOf(input, "expires"),
      }),
    ),
  parse: (input) => parseInvitation(textOf(input, "text"), "defaultRelay" in input ? textOf(input, "defaultRelay") : undefined),
  "open-offer": (input) => openOffer({ sealKey: bytesOf(input, "sealKey"), id: bytesOf(input, "id") }, bytesOf(input, "body")),
};
const words = made.words.split(" ");
const offerInput = (body: Uint8Array): Fields => ({ sealKey: toHex(made.sealKey), id: toHex(made.id), body: toHex(body) });
const nonce = fixed("offer nonce", 24);
const sealedOffer = expectOk(sealOffer(made.sealKey, offer, nonce));
const resealed = (edit: Uint8Array): Uint8Array =>
  expectOk(sealBucket(made.sealKey, "photon/offer/1", new Uint8Array(edit), nonce));

export const invitation: Topic = {
  name: "invitation",
  about: "Making and reading invitations, as links and as words; and the sealed offer that waits in the drop.",
  types: runs(invitationFunctions),
  valid: () => {
    const say = (type: string, name: string, input: Fields): ValidCase => computed(invitationFunctions, type, name, input);
    return [
      say("make", "made for a relay", { entropy: toHex(entropy), relay: "https://relay.example", found: toHex(found), expires }),
      say("make", "made for a relay on this machine", {
        entropy: toHex(entropy),
        relay: "http://localhost:8080",
        found: toHex(found),
        expires,
      }),
      say("parse", "a link", { text: made.link }),
      say("parse", "a link of a relay on this machine", { text: loopback.link }),
      say("parse", "a link with white space and quotes around it", { text: `  "${made.link}"\n` }),
      say("parse", "words with the relay's name", { text: made.words }),
      say("parse", "words in capitals, on several lines", { text: made.words.toUpperCase().replaceAll(" ", "\n") }),
      say("parse", "words alone, for a relay that is known", {
        text: words.slice(1).join(" "),
        defaultRelay: "https://relay.example",
      }),
      say("open-offer", "an offer", offerInput(sealedOffer)),
    ];
  },
  invalid: () => [
    refused("parse", "nothing", { text: "" }, "bad-invitation"),
    refused("parse", "some other link", { text: "https://relay.example/about" }, "bad-invitation"),
    refused("parse", "some other words", { text: "this is no invitation at all, just words" }, "bad-invitation"),
    refused("parse", "words without a relay", { text: words.slice(1).join(" ") }, "bad-invitation"),
    refused("parse", "a link that ends before its #", { text: "https://relay.example/i" }, "invitation-truncated"),
    refused("parse", "a link cut by a character", { text: made.link.slice(0, -1) }, "invitation-truncated"),
    refused("parse", "eleven words", { text: words.slice(0, -1).join(" ") }, "invitation-truncated"),
    refused(
      "parse",
      "a link with another character",
      { text: otherLetter(made.link, made.link.length - 20) },
      "invitation-mistyped",
    ),
    refused(
      "parse",
      "a link with another relay",
      { text: made.link.replace("relay.example", "relay.invalid") },
      "invitation-mistyped",
    ),
    refused("parse", "a word that is not in the list", { text: words.with(3, "photon").join(" ") }, "invitation-mistyped"),
    refused(
      "parse",
      "two words that changed places",
      { text: [words[0], words[2], words[1], ...words.slice(3)].join(" ") },
      "invitation-mistyped",
    ),
    refused("open-offer", "another length than a bucket's", offerInput(sealedOffer.subarray(1)), "out-of-range"),
    refused("open-offer", "a changed byte", offerInput(sealedOffer.map((byte, i) => (i === 100 ? byte ^ 1 : byte))), "cannot-open"),
    refused(
      "open-offer",
      "of another invitation",
      { ...offerInput(sealedOffer), id: toHex(fixed("another id", 16)) },
      "wrong-shape",
    ),
    refused("open-offer", "an unknown suite", offerInput(resealed(edited(encode(offerSchema, offer), [1], 2))), "unknown-suite"),
    refused("open-offer", "no statements", offerInput(resealed(edited(encode(offerSchema, offer), [4], []))), "out-of-range"),
  ],
};

const code = makeDeviceCode({ entropy, relay: "https://relay.example" });
const psk = code.psk;
const start = startRendezvous(psk, fixed("old device", 32));
const answer = expectOk(answerRendezvous(psk, start.message, fixed("new device", 64), fixed("new device's leaf", 100)));
const readBack = expectOk(readAnswer(start.secret, answer.message));
const reply = expectOk(sealReply(readBack.key, fixed("welcome to the circle", 100), fixed("reply nonce", 24)));
const codeFunctions: Readonly<Record<string, Function>> = {
  make: (input) => ok(makeDeviceCode({ entropy: bytesOf(input, "entropy"), relay: textOf(input, "relay") })),
  parse: (input) => parseDeviceCode(textOf(input, "text"), "defaultRelay" in input ? textOf(input, "defaultRelay") : undefined),
  start: (input) => ok(startRendezvous(bytesOf(input, "psk"), bytesOf(input, "seed"))),
  answer: (input) =>
    answerRendezvous(bytesOf(input, "psk"), bytesOf(input, "offer"), bytesOf(input, "seed"), bytesOf(input, "payload")),
  "read-answer": (input) => readAnswer(bytesOf(input, "secret"), bytesOf(input, "answer")),
  "open-reply": (input) => {
    const payload = openReply(bytesOf(input, "key"), bytesOf(input, "reply"));
    return payload.ok ? ok({ payload: payload.value }) : payload;
  },
};
const flip = (bytes: Uint8Array, at: number): string => toHex(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)));

export const deviceCode: Topic = {
  name: "device-code",
  about: "Device codes, the keys that come of them, and the three messages by which an old device lets a new one in.",
  types: runs(codeFunctions),
  valid: () => {
    const say = (type: string, name: string, input: Fields): ValidCase => computed(codeFunctions, type, name, input);
    return [
      say("make", "made", { entropy: toHex(entropy), relay: "https://relay.example" }),
      say("parse", "read", { text: code.code }),
      say("parse", "twelve words for a relay that is known", {
        text: code.code.split(" ").slice(1).join(" "),
        defaultRelay: "https://relay.example",
      }),
      say("start", "message 1", { psk: toHex(psk), seed: toHex(fixed("old device", 32)) }),
      say("answer", "message 2", {
        psk: toHex(psk),
        offer: toHex(start.message),
        seed: toHex(fixed("new device", 64)),
        payload: toHex(fixed("new device's leaf", 100)),
      }),
      say("read-answer", "message 2, read", { secret: toHex(start.secret), answer: toHex(answer.message) }),
      say("open-reply", "message 3, read", { key: toHex(answer.key), reply: toHex(reply) }),
    ];
  },
  invalid: () => [
    refused("parse", "nothing", { text: "" }, "bad-invitation"),
    refused("parse", "eleven words", { text: code.code.split(" ").slice(0, -1).join(" ") }, "invitation-truncated"),
    refused("parse", "two words that changed places", { text: swapped(code.code) }, "invitation-mistyped"),
    refused(
      "answer",
      "to an offer under another code",
      { psk: toHex(fixed("another psk", 32)), offer: toHex(start.message), seed: toHex(fixed("new device", 64)), payload: "" },
      "cannot-open",
    ),
    refused(
      "answer",
      "to a changed offer",
      { psk: toHex(psk), offer: flip(start.message, 50), seed: toHex(fixed("new device", 64)), payload: "" },
      "cannot-open",
    ),
    refused("read-answer", "changed", { secret: toHex(start.secret), answer: flip(answer.message, 50) }, "cannot-open"),
    refused(
      "read-answer",
      "to another exchange of the same code",
      { secret: toHex(startRendezvous(psk, fixed("another start", 32)).secret), answer: toHex(answer.message) },
      "cannot-open",
    ),
    refused("open-reply", "changed", { key: toHex(answer.key), reply: flip(reply, 50) }, "cannot-open"),
  ],
};
function swapped(text: string): string {
  const [relay, first, second, ...rest] = text.split(" ");
  return [relay, second, first, ...rest].join(" ");
}

const sideAna = makeSideId(fixed("Ana's side", 32));
const sideBen = makeSideId(fixed("Ben's side", 32));
const foundAna = statementIdOf(fixed("Ana's found", 32));
const foundBen = statementIdOf(fixed("Ben's found", 32));
const safetyFunctions: Readonly<Record<string, Function>> = {
  fingerprint: (input) =>
    ok({ fingerprint: fingerprint(makeSideId(bytesOf(input, "side")), makeStatementId(bytesOf(input, "found"))) }),
  words: (input) => ok(safetyWords(bytesOf(input, "a"), bytesOf(input, "b"))),
};

export const safety: Topic = {
  name: "safety-words",
  about: "Fingerprints of two sides, and the words, digits and pictures that two people compare.",
  types: runs(safetyFunctions),
  valid: () => {
    const a = toHex(fingerprint(sideAna, foundAna));
    const b = toHex(fingerprint(sideBen, foundBen));
    return [
      computed(safetyFunctions, "fingerprint", "Ana's side", { side: toHex(sideAna), found: toHex(foundAna) }),
      computed(safetyFunctions, "fingerprint", "Ben's side", { side: toHex(sideBen), found: toHex(foundBen) }),
      computed(safetyFunctions, "words", "as Ana sees them", { a, b }),
      computed(safetyFunctions, "words", "as Ben sees them", { a: b, b: a }),
      computed(safetyFunctions, "words", "of all zeros and all ones", { a: "00".repeat(64), b: "ff".repeat(64) }),
    ];
  },
  invalid: () => [],
};
