/** Requests and their codes, entries of plan queues, answers, and what owner and trustee say: spec/12-recovery.md. */
import { asBytes, type Bytes, concat, decode, encode, encodeCbor, expectOk, ok, type Result, toHex } from "@photon/protocol/codec";
import {
  answerWords,
  type Author,
  type Batch,
  batchId,
  codeOf,
  decodeRequest,
  encodeRequest,
  encodeTalk,
  type EntryBody,
  entrySchema,
  openRequest,
  paddedCount,
  parseRequestCode,
  type PlanName,
  readEntry,
  readReply,
  type RecoveryRequest,
  type ReplyBody,
  replySchema,
  requestDigest,
  requestLife,
  sealRequest,
  signEntry,
  splitBatch,
  type Talk,
  type TalkKind,
  talkSchemas,
} from "@photon/protocol/recovery";
import { ed25519Signer, type Signer } from "@photon/protocol/statement";
import {
  certifyPseudonym,
  dealRecovery,
  openerShareOf,
  type PseudonymRole,
  pseudonymKey,
  type Random,
  verificationSchema,
} from "@photon/protocol/trustees";
import { maxContentBody } from "@photon/protocol/queue";
import {
  bytesListOf,
  bytesOf,
  decoder,
  edited,
  type Fields,
  fixed,
  type InvalidCase,
  numberOf,
  spoiled,
  textOf,
  toJson,
  type Topic,
  type ValidCase,
  wrong,
} from "../support.ts";
import { caseVectors, standOf } from "./recovery-cases.ts";

type Outcome = Result<unknown, { readonly code: string }>;
const day = 86_400_000;

const batchOf = (input: Fields): Batch => ({
  request: bytesOf(input, "request"),
  level: numberOf(input, "level") === 0 ? 0 : 1,
  notBefore: numberOf(input, "notBefore"),
  expiry: numberOf(input, "expiry"),
  items: bytesListOf(input, "items"),
});
const codeIn = (input: Fields) =>
  parseRequestCode(textOf(input, "text"), "defaultRelay" in input ? textOf(input, "defaultRelay") : undefined);

const functions: Readonly<Record<string, (input: Fields) => Outcome>> = {
  request: (input) => decodeRequest(bytesOf(input, "bytes")),
  "request-code": (input) => {
    const request = bytesOf(input, "request");
    return ok({ digest: requestDigest(request), ...codeOf(request, textOf(input, "relay")) });
  },
  "parse-code": codeIn,
  "seal-request": (input) => {
    const code = codeIn(input);
    return code.ok ? sealRequest(code.value, bytesOf(input, "request"), bytesOf(input, "nonce")) : code;
  },
  "open-request": (input) => {
    const code = codeIn(input);
    const found = code.ok ? openRequest(code.value, bytesOf(input, "body")) : code;
    return found.ok ? ok({ request: found.value.bytes, digest: found.value.digest }) : found;
  },
  entry: (input) =>
    readEntry(
      bytesOf(input, "entry"),
      { plan: bytesOf(input, "plan"), version: numberOf(input, "version") },
      bytesOf(input, "dealer"),
    ),
  batch: (input) => ok({ batch: batchId(batchOf(input)) }),
  "padded-count": (input) => ok(paddedCount(numberOf(input, "relationships"))),
  reply: (input) => readReply(bytesOf(input, "request"), bytesOf(input, "opened")),
  case: (input) => standOf(deal.recipient, input),
  "answer-words": (input) => {
    const verification = decode(verificationSchema, bytesOf(input, "verification"), 8192);
    if (!verification.ok) return verification;
    const [asked, by, dealer] = ["request", "author", "dealer"].map((field) => bytesOf(input, field)) as [Bytes, Bytes, Bytes];
    return ok({ words: answerWords({ request: asked, author: by, dealerKey: dealer, verification: verification.value }) });
  },
};

const plan = { plan: fixed("plan", 32), version: 3 };
const dealerSeed = fixed("dealer seed", 32);
const dealerKey = pseudonymKey(dealerSeed);
const strangerSeed = fixed("another dealer seed", 32);
const classical = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const relay = "https://relay.example";
const nonce = fixed("nonce", 24);

let drawn = 0;
const random: Random = (length) => fixed(`recovery ${drawn++}`, length);
const deal = dealRecovery({ trustees: 3, threshold: 2 }, random);
const [share] = deal.shares;
if (share === undefined) throw new Error("three shares");

function author(who: string, role: PseudonymRole, change: Partial<typeof plan> = {}, by: Bytes = dealerSeed): Author {
  const signer = ed25519Signer(fixed(`pseudonym of ${who}`, 32));
  const certificate = certifyPseudonym(by, { ...plan, ...change, role, key: asBytes(signer.publicKey) });
  return { signer, role, certificate };
}
const ben = author("Ben", "trustee");
const chi = author("Chi", "trustee");
const joint = author("all of them", "joint");
const laptop = author("Ana's laptop", "device");
const phone: Author = { signer: ed25519Signer(fixed("sign key", 32)), role: "device", certificate: undefined };

const request: RecoveryRequest = {
  suite: "ed25519-xwing-aes256gcm-sha512",
  created: 1_790_000_000_000,
  device: "Ana's new phone",
  recipient: deal.recipient,
  signKey: asBytes(phone.signer.publicKey),
  reply: {
    relay,
    sendId: fixed("send id", 16),
    writeKey: fixed("write key", 32),
    sealKey: fixed("seal key", 32),
    rotation: 0,
  },
};
const bytes = encodeRequest(request);
const digest = requestDigest(bytes);
const code = codeOf(bytes, relay);
const [name = "", ...words] = code.spoken.split(" ");

const batch: Batch = {
  request: digest,
  level: 0,
  notBefore: 20_720 * day,
  expiry: 20_720 * day + requestLife,
  items: ["one", "two", "three"].map((which) => fixed(`item ${which}`, 48)),
};
const [part] = splitBatch(batch);
if (part === undefined) throw new Error("one part");
const batchBody: EntryBody = { kind: "batch", value: part };
const approve = (level: 0 | 1): EntryBody => ({
  kind: "approve",
  value: { request: bytes, level, recognised: "video", contacted: "i-reached-them" },
});
const entries: readonly (readonly [string, Author, EntryBody])[] = [
  ["approve", ben, approve(0)],
  ["approve, with a contest known", chi, approve(1)],
  ["press", joint, { kind: "press", value: { request: digest } }],
  ["contest", laptop, { kind: "contest", value: { request: digest, reason: "still-here" } }],
  ["release", ben, { kind: "release", value: { request: digest, level: 0 } }],
  ["batch", phone, batchBody],
  [
    "pin",
    laptop,
    {
      kind: "pin",
      value: { vault: "https://vault.example", register: fixed("register", 16), sequence: 9, head: fixed("head", 32) },
    },
  ],
];
const at = 1_790_000_100_000;
const entryInput = (entry: Uint8Array): Fields => ({ entry: toHex(entry), ...named });
const named: Fields = { plan: toHex(plan.plan), version: plan.version, dealer: toHex(dealerKey) };

const places = [{ vault: "https://vault.example", register: fixed("register", 16), sequence: 9 }];
const approval: ReplyBody = {
  kind: "approval",
  value: {
    level: 0,
    threshold: 2,
    contested: 3,
    delayHours: 48,
    hint: "Where did we meet the goat?",
    seen: 1,
    readyAt: 0,
    contestedNow: 0,
    index: share.index,
    verification: deal.verification.data,
    places,
  },
};
const partials: ReplyBody = {
  kind: "partials",
  value: { index: share.index, batch: batchId(batch), part: 0, parts: 1, partials: fixed("partials", 3 * 48) },
};
const replies: readonly (readonly [string, ReplyBody])[] = [
  ["approval", approval],
  ["release", { kind: "release", value: { share: openerShareOf(share), places } }],
  ["partials", partials],
  ["refusal", { kind: "refusal", value: { batch: batchId(batch), reason: "wrong-day" } }],
];
function replyOf(body: ReplyBody, who: Author = ben, change: Partial<typeof plan & { dealerKey: Bytes }> = {}): Bytes {
  const { signer, certificate } = who;
  if (certificate === undefined) throw new Error("not certified");
  return encode(replySchema, { ...plan, dealerKey, ...change, author: asBytes(signer.publicKey), certificate, body });
}
const signed = async (label: string, signer: Signer, inner: Uint8Array, of: readonly Uint8Array[] = []): Promise<Bytes> => {
  const signature = asBytes(await signer.sign(encodeCbor([label, ...of, inner])));
  return encodeCbor(new Map([[1, inner], [2, signature]])); // prettier-ignore
};
const signedEntry = (inner: Uint8Array, by: Author = ben): Promise<Bytes> => signed("photon/plan/entry/1", by.signer, inner);
const signedReply = (inner: Uint8Array, to: Bytes = digest, by: Author = ben): Promise<Bytes> =>
  signed("photon/recovery/reply/1", by.signer, inner, [to]);
const replyInput = (opened: Uint8Array): Fields => ({ request: toHex(digest), opened: toHex(opened) });

const talk: { readonly [K in TalkKind]: Talk[K] } = {
  "trustee-ask": { ...plan, delayHours: 48, again: false },
  "trustee-answer": { ...plan, accepts: true },
  "trustee-packet": { ...plan, sealed: fixed("sealed packet", 100) },
  "trustee-held": { ...plan, packet: fixed("packet", 32) },
  "trustee-proof": { ...plan, month: 690, proof: fixed("proof", 300) },
  "trustee-lost": plan,
  "trustee-approved": { ...plan, request: digest, device: request.device, level: 1 },
  "trustee-contest": { ...plan, entry: fixed("contest", 300) },
  "trustee-dismiss": plan,
};
const talkKinds = Object.keys(talkSchemas) as readonly TalkKind[];

const answerInput = ({ signer }: Author): Fields => ({
  request: toHex(digest),
  author: toHex(signer.publicKey),
  dealer: toHex(dealerKey),
  verification: toHex(encode(verificationSchema, deal.verification.data)),
});
const talkBytes = (kind: TalkKind): Bytes => encodeTalk(kind, talk[kind]);
const from = (who: Author, said: EntryBody, of: PlanName = plan): Promise<Bytes> => signEntry(of, who, at, said);

async function valid(): Promise<ValidCase[]> {
  const say = (type: string, what: string, input: Fields): ValidCase => {
    const result = functions[type]?.(input);
    if (result === undefined) throw new Error(`no ${type}`);
    return { name: `${type}: ${what}`, type, input, output: toJson(expectOk(result)) };
  };
  const body = expectOk(sealRequest(code, bytes, nonce));
  const sent = await Promise.all(entries.map(async ([what, who, said]) => [what, await from(who, said)] as const));
  const answered = await Promise.all(replies.map(async ([what, said]) => [what, await signedReply(replyOf(said))] as const));
  const batchFields = { request: toHex(digest), level: 0, notBefore: batch.notBefore, expiry: batch.expiry };
  return [
    say("request", "of a new phone", { bytes: toHex(bytes) }),
    say("request-code", "of a new phone", { request: toHex(bytes), relay }),
    say("request-code", "at a relay on this machine", { request: toHex(bytes), relay: "http://localhost:8080" }),
    say("parse-code", "as it is spoken", { text: code.spoken }),
    say("parse-code", "without the relay's name", { text: words.join(" "), defaultRelay: relay }),
    say("seal-request", "into a drop", { text: code.spoken, request: toHex(bytes), nonce: toHex(nonce) }),
    say("open-request", "from a drop", { text: code.spoken, body: toHex(body) }),
    ...sent.map(([what, entry]) => say("entry", what, entryInput(entry))),
    say("batch", "of three commitments", { ...batchFields, items: batch.items.map(toHex) }),
    say("batch", "of the same, the other way round", { ...batchFields, items: batch.items.toReversed().map(toHex) }),
    say("batch", "for the second key", { ...batchFields, level: 1, items: batch.items.map(toHex) }),
    ...[1, 16, 17, 100, 1000, 34_817, 36_000].map((relationships) => say("padded-count", String(relationships), { relationships })),
    ...answered.map(([what, opened]) => say("reply", what, replyInput(opened))),
    ...caseVectors(deal.recipient),
    say("answer-words", "of Ben", answerInput(ben)),
    say("answer-words", "of Chi", answerInput(chi)),
    ...talkKinds.map((kind) => ({ name: kind, type: kind, input: { bytes: toHex(talkBytes(kind)) }, output: toJson(talk[kind]) })),
  ];
}

async function invalid(): Promise<InvalidCase[]> {
  return [...badRequests(), ...(await badEntries()), ...(await badReplies()), ...badTalk()];
}

const refuse = (type: string, what: string, input: Fields, error: string): InvalidCase => ({
  name: `${type}: ${what}`,
  type,
  input,
  error,
});

function badRequests(): InvalidCase[] {
  const { recipient } = deal;
  const changed = (what: string, change: Partial<RecoveryRequest>, error: string): InvalidCase =>
    wrong("request", what, encodeRequest({ ...request, ...change }), error);
  const other = encodeRequest({ ...request, device: "a stranger's phone" });
  const drop = (inner: Bytes): Fields => ({ text: code.spoken, body: toHex(expectOk(sealRequest(code, inner, nonce))) });
  const said = (...list: string[]): Fields => ({ text: list.join(" ") });
  return [
    ...spoiled("request", bytes),
    wrong("request", "an unknown suite", edited(bytes, [1], 2), "unknown-suite"),
    changed("a recipient that is not hybrid", { recipient: classical }, "unknown-suite"),
    changed("a recipient cut short", { recipient: recipient.slice(0, 100) }, "malformed"),
    changed(
      "a recipient with another last letter",
      { recipient: `${recipient.slice(0, -1)}${recipient.endsWith("q") ? "p" : "q"}` },
      "malformed",
    ),
    wrong("request", "longer than an entry takes", concat(bytes, new Uint8Array(6144)), "too-long"),
    wrong("request", "a device's name that is too long", edited(bytes, [3], "x".repeat(65)), "out-of-range"),
    refuse("parse-code", "a word missing", said(name, ...words.slice(1)), "invitation-truncated"),
    refuse("parse-code", "a word that is none", said(name, ...words.with(4, "photonic")), "invitation-mistyped"),
    refuse("parse-code", "no relay", said(...words), "bad-invitation"),
    refuse("open-request", "another request under the same words", drop(other), "wrong-shape"),
    refuse("open-request", "of another code", { ...drop(bytes), text: codeOf(other, relay).spoken }, "cannot-open"),
  ];
}

async function badEntries(): Promise<InvalidCase[]> {
  const entry = (what: string, received: Uint8Array, error: string): InvalidCase =>
    refuse("entry", what, entryInput(received), error);
  const innerOf = ({ signer, role, certificate }: Author, body: EntryBody): Bytes => {
    const own = certificate === undefined ? {} : { certificate };
    return encode(entrySchema, { ...plan, author: asBytes(signer.publicKey), role, ...own, at: role === "joint" ? 0 : at, body });
  };
  const press: EntryBody = { kind: "press", value: { request: digest } };
  const contest: EntryBody = { kind: "contest", value: { request: digest, reason: "not-me" } };
  const pressed = innerOf(joint, press);
  const good = await signedEntry(pressed, joint);
  const inBatch = (key: number, value: number | Bytes): Promise<Bytes> =>
    signedEntry(edited(innerOf(phone, batchBody), [7, 1, key], value), phone);
  const elsewhere = { plan: fixed("another plan", 32), version: 3 };
  const later = { plan: plan.plan, version: 4 };
  const certifiedAs = (change: Pick<Author, "certificate">): Author => ({ ...joint, certificate: change.certificate });
  const signatureOf = (whole: Bytes): Bytes => whole.slice(-64);
  return [
    ...spoiled("entry", good, entryInput),
    entry("of another version", await from(author("all of them", "joint", later), press, later), "wrong-shape"),
    entry("of another plan", await from(author("all of them", "joint", elsewhere), press, elsewhere), "wrong-shape"),
    entry("a device that approves", await from(laptop, approve(0)), "bad-signature"),
    entry("all trustees as one at a time", await signedEntry(edited(pressed, [6], at), joint), "wrong-shape"),
    entry("a trustee who says by name that they were pressed", await from(ben, press), "bad-signature"),
    entry("all trustees as one that approve", await from(joint, approve(0)), "bad-signature"),
    entry("a trustee that contests", await from(ben, contest), "bad-signature"),
    entry("no certificate", await from(certifiedAs({ certificate: undefined }), press), "bad-signature"),
    entry("a certificate of somebody else", await from(certifiedAs(chi), press), "bad-signature"),
    entry("a certificate of the other role", await from(certifiedAs(author("all of them", "device")), press), "bad-signature"),
    entry("a certificate of another version", await from(author("all of them", "joint", later), press), "bad-signature"),
    entry("a certificate of another plan", await from(author("all of them", "joint", elsewhere), press), "bad-signature"),
    entry(
      "a certificate by another dealer",
      await from(author("all of them", "joint", plan, strangerSeed), press),
      "bad-signature",
    ),
    entry("signed by another", await signedEntry(pressed, chi), "bad-signature"),
    entry("the signature of another entry", concat(good.slice(0, -64), signatureOf(await from(ben, approve(0)))), "bad-signature"),
    entry("a kind of a later version", await signedEntry(edited(pressed, [7, 0], 7)), "wrong-shape"),
    entry("a level of a later version", await signedEntry(edited(innerOf(ben, approve(0)), [7, 1, 2], 2)), "out-of-range"),
    entry("a batch with a certificate", await from({ ...phone, certificate: ben.certificate }, batchBody), "bad-signature"),
    entry("a batch of a trustee's role", await from({ ...phone, role: "trustee" }, batchBody), "bad-signature"),
    entry("a batch from no whole day", await inBatch(3, batch.notBefore + 1), "wrong-shape"),
    entry("a batch for thirteen days", await inBatch(4, batch.expiry - day), "wrong-shape"),
    entry("a part beyond the last", await inBatch(6, 1), "wrong-shape"),
    entry("a batch of more parts than there are", await inBatch(7, 31), "out-of-range"),
    entry("half a commitment", await inBatch(8, fixed("half", 72)), "wrong-shape"),
  ];
}

async function badReplies(): Promise<InvalidCase[]> {
  const reply = (what: string, opened: Uint8Array, error: string): InvalidCase => refuse("reply", what, replyInput(opened), error);
  const good = await signedReply(replyOf(approval));
  const changed = (said: ReplyBody, key: number, value: number | Bytes): Promise<Bytes> =>
    signedReply(edited(replyOf(said), [6, 1, key], value));
  const other = fixed("another request", 32);
  return [
    ...spoiled("reply", good, replyInput),
    reply("to another request", await signedReply(replyOf(approval), other), "bad-signature"),
    reply("signed by another", await signedReply(replyOf(approval), digest, chi), "bad-signature"),
    reply("a device's certificate", await signedReply(replyOf(approval, author("Ben", "device"))), "bad-signature"),
    reply("a certificate of another version", await signedReply(replyOf(approval, ben, { version: 2 })), "bad-signature"),
    reply("another dealer", await signedReply(replyOf(approval, ben, { dealerKey: pseudonymKey(strangerSeed) })), "bad-signature"),
    reply("a threshold that is not that of its verification data", await changed(approval, 2, 1), "wrong-shape"),
    reply("half a signature", await changed(partials, 5, fixed("half", 50)), "wrong-shape"),
    reply("a part beyond the last", await changed(partials, 3, 1), "wrong-shape"),
  ];
}

const badTalk = (): InvalidCase[] => [
  ...talkKinds.map((kind) => wrong(kind, "without its version", edited(talkBytes(kind), [2], undefined), "wrong-shape")),
  wrong("trustee-ask", "a delay of more than fourteen days", edited(talkBytes("trustee-ask"), [3], 337), "out-of-range"),
  wrong("trustee-packet", "nothing in it", edited(talkBytes("trustee-packet"), [3], new Uint8Array(0)), "out-of-range"),
  ...spoiled("trustee-approved", talkBytes("trustee-approved")),
];

export const recovery: Topic = {
  name: "recovery",
  about:
    "Requests of new devices and their codes, entries of plan queues, batches, answers of trustees, and what owner and trustee say.",
  types: {
    ...Object.fromEntries(
      Object.entries(functions).map(([type, run]) => [
        type,
        (input: Fields) => {
          const result = run(input);
          return result.ok ? ok(toJson(result.value)) : result;
        },
      ]),
    ),
    ...Object.fromEntries(Object.entries(talkSchemas).map(([kind, schema]) => [kind, decoder<unknown>(schema, maxContentBody)])),
  },
  valid,
  invalid,
};
