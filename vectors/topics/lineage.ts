/** From statements and first-seen times to who may act for a side: spec/03-lineage.md. */
import { type Bytes, concat, err, expectOk, ok, toHex } from "@photon/protocol/codec";
import { type Decisions, type FirstSeen, type LineageState, reduce } from "@photon/protocol/lineage";
import {
  type Draft,
  ed25519Signer,
  idKey,
  type Leaf,
  makeLeafId,
  makeSideId,
  makeStatementId,
  parseStatement,
  type PlanParts,
  type Signer,
  signStatement,
  type Statement,
  type StatementId,
  type StatementType,
} from "@photon/protocol/statement";
import { verifySuccession } from "@photon/protocol/trustees";
import { bytesListOf, type Fields, fixed, listOf, numberOf, type Run, toJson, type Topic, type ValidCase } from "../support.ts";
import { Trustees, shownRequest } from "./lineage-recovery.ts";

const hour = 3_600_000;
const day = 24 * hour;
const begin = 1_790_000_000_000;
const side = makeSideId(fixed("lineage side", 32));
const suite = "ed25519-xwing-aes256gcm-sha512";
const custody = { class: "device", strength: "software", escrow: false, shares: false, trustees: false } as const;
const noPlan: PlanParts = { version: 0, commitments: [], admissionKeys: [] };
const signerOf = (who: string): Signer => ed25519Signer(fixed(`seed of ${who}`, 32));
const leafOf = (who: string): Leaf => ({ id: makeLeafId(signerOf(who).publicKey), lastResort: fixed(`key package of ${who}`, 16) });
const admissionKey = concat(signerOf("the escrow").publicKey);
const withEscrow: PlanParts = { version: 1, commitments: [], admissionKeys: [admissionKey] };
const inbox = (name: string) => ({
  relay: "https://relay.example",
  sendId: fixed(`send id ${name}`, 16),
  writeKey: fixed(`write key ${name}`, 32),
  sealKey: fixed(`seal key ${name}`, 32),
  rotation: 0,
});

/** A story: statements in the order in which they were signed, each seen when `at` said. */
class Story {
  readonly statements: Statement[] = [];
  readonly seen = new Map<string, number>();
  #at = begin;

  at(time: number): this {
    this.#at = begin + time;
    return this;
  }
  async say<T extends StatementType>(
    who: string,
    type: T,
    body: Draft<T>["body"],
    heads?: readonly Statement[],
  ): Promise<Statement> {
    const follows = heads ?? this.statements.slice(-1);
    const draft: Draft<T> = { type, side, heads: follows.map(({ id }) => id), claimedAt: begin, body };
    return this.#keep((await signStatement(draft, signerOf(who))) as Statement);
  }
  #keep(statement: Statement): Statement {
    this.statements.push(statement);
    this.seen.set(idKey(statement.id), this.#at);
    return statement;
  }
  /** The new phone takes over what Ana's trustees help it to. */
  succeed(
    trustees: Trustees,
    options: {
      readonly heads?: readonly Statement[];
      readonly threshold?: 0 | 1;
      readonly request?: string;
      readonly who?: string;
    } = {},
  ): Statement {
    const { heads = this.statements.slice(-1), threshold = 0, request = "request", who = "new phone" } = options;
    const leaves = [leafOf(who)];
    const plan = herTrustees.plan(side, 2);
    const where = { side, heads, leaves, inbox: inbox(who), custody, plan };
    return this.#keep(trustees.succeed({ ...where, threshold, request, notBefore: this.#at, claimedAt: begin }));
  }
  contest(who: string, heads: readonly Statement[], request = "request"): Promise<Statement> {
    return this.say(who, "contest", { request: shownRequest(request), reason: "still-here" }, heads);
  }
  found(who: string, plan: PlanParts = noPlan): Promise<Statement> {
    return this.say(who, "found", { suite, leaf: leafOf(who), inbox: inbox("first"), custody, plan }, []);
  }
  admit(by: string, ...who: string[]): Promise<Statement> {
    return this.say(by, "admit", { leaves: who.map(leafOf), proof: by === "the escrow" ? "escrow" : "device" });
  }
  retire(by: string, who: string, trusted: readonly Statement[], heads?: readonly Statement[]): Promise<Statement> {
    return this.say(by, "retire", { leaves: [leafOf(who).id], reason: "lost", trusted: trusted.map(({ id }) => id) }, heads);
  }
}

type Tell = (story: Story) => Promise<number>;
/** What is told, and how long after the beginning it is looked at. */
const stories: Readonly<Record<string, Tell>> = {
  "a foundation": async (story) => {
    await story.found("phone");
    return hour;
  },
  "two more devices": async (story) => {
    await story.found("phone");
    await story.admit("phone", "laptop", "tablet");
    return hour;
  },
  "a lost phone is retired": async (story) => {
    await story.found("phone");
    const admit = await story.admit("phone", "laptop");
    await story.at(day).retire("laptop", "phone", [admit]);
    return 2 * day;
  },
  "signerWasAlive: a stranger's admit": async (story) => {
    await story.found("phone");
    await story.admit("stranger", "tablet");
    return hour;
  },
  "signerWasAlive: a retired device speaks after its retirement": async (story) => {
    await story.found("phone");
    const admit = await story.admit("phone", "laptop");
    await story.at(day).retire("laptop", "phone", [admit]);
    await story.at(2 * day).admit("phone", "thief");
    return 3 * day;
  },
  "retireIsStrong: a backdated admit of the retired device, and what the admitted leaf did": async (story) => {
    await story.found("phone");
    const admit = await story.admit("phone", "laptop");
    await story.at(day).retire("laptop", "phone", [admit]);
    const thief = await story.at(2 * day).say("phone", "admit", { leaves: [leafOf("thief")], proof: "device" }, [admit]);
    await story.say("thief", "move", { inbox: inbox("thief's") }, [thief]);
    return 3 * day;
  },
  "retireIsStrong: what the trusted heads cover stays": async (story) => {
    await story.found("phone");
    await story.admit("phone", "laptop");
    const tablet = await story.admit("phone", "tablet");
    await story.at(day).retire("laptop", "phone", [tablet]);
    return 2 * day;
  },
  "retireCyclesFreeze: two devices retire each other": async (story) => {
    await story.found("phone");
    const admit = await story.admit("phone", "laptop");
    await story.at(day).retire("laptop", "phone", [admit], [admit]);
    await story.at(day + hour).retire("phone", "laptop", [admit], [admit]);
    return 2 * day;
  },
  "retireCyclesFreeze: a rival retire first seen more than 72 hours later is evidence only": async (story) => {
    await story.found("phone");
    const admit = await story.admit("phone", "laptop");
    await story.at(day).retire("laptop", "phone", [admit], [admit]);
    await story.at(5 * day).retire("phone", "laptop", [admit], [admit]);
    return 6 * day;
  },
  "authorityOrder: an admission key decides between two devices": async (story) => {
    await story.found("phone", withEscrow);
    const admit = await story.admit("phone", "laptop");
    const one = await story.at(day).retire("laptop", "phone", [admit], [admit]);
    const other = await story.at(day + hour).retire("phone", "laptop", [admit], [admit]);
    await story.at(2 * day).retire("the escrow", "laptop", [admit], [one, other]);
    return 3 * day;
  },
  "authorityOrder: an admission key does not move an inbox": async (story) => {
    await story.found("phone", withEscrow);
    await story.say("the escrow", "move", { inbox: inbox("escrow's") });
    return hour;
  },
  "admission: an escrow admits a new device": async (story) => {
    await story.found("phone", withEscrow);
    await story.at(day).admit("the escrow", "new phone");
    return 2 * day;
  },
  "planMatures: a device's change of plan, before it matures": async (story) => {
    await story.found("phone", withEscrow);
    await story.at(day).say("phone", "plan", { custody, plan: { ...noPlan, version: 2 } });
    return 2 * day;
  },
  "planMatures: a device's change of plan, after it has matured": async (story) => {
    await story.found("phone", withEscrow);
    await story.at(day).say("phone", "plan", { custody, plan: { ...noPlan, version: 2 } });
    return 16 * day;
  },
  "custodyFollowsKeys: a host's leaf says that the side is on a device": async (story) => {
    await story.found("phone");
    const hosted = { ...custody, class: "host", host: "host.example" } as const;
    await story.say("phone", "plan", { custody: hosted, plan: { ...noPlan, version: 1 } });
    await story.at(15 * day).say("phone", "plan", { custody, plan: { ...noPlan, version: 2 } });
    return 40 * day;
  },
  "oneFoundation: a second foundation counts for nothing": async (story) => {
    await story.found("phone");
    await story.at(hour).found("thief");
    return day;
  },
  "waiting: a statement whose past has not come": async (story) => {
    await story.found("phone");
    const heads = [{ id: makeStatementId(fixed("a head that nobody has", 32)) } as Statement];
    await story.say("phone", "admit", { leaves: [leafOf("laptop")], proof: "device" }, heads);
    return hour;
  },
  "a move, then goodbye": async (story) => {
    await story.found("phone");
    await story.say("phone", "move", { inbox: inbox("second") });
    await story.say("phone", "close", { reason: "goodbye" });
    return hour;
  },
};

const herTrustees = new Trustees("Ana's plan", 1);
const thiefs = new Trustees("the thief's plan", 2);

interface Recovery {
  readonly tell: Tell;
  /** By the place of a succession in the story. */
  readonly decisions?: Readonly<Record<number, "accept" | "refuse">>;
}
/** The phone, a laptop, and a plan with trustees, seen on the first day; then recoveries. */
const recoveries: Readonly<Record<string, Recovery | Tell>> = {
  "peersWait: a succession, an hour before its delay is over": async (story) => {
    await recoverable(story);
    story.at(30 * day).succeed(herTrustees);
    return 32 * day - hour;
  },
  "successionIsOnce, oldLeavesRetire: a succession counts, what the new side signed with it, and an old device": async (story) => {
    await recoverable(story);
    const succession = story.at(30 * day).succeed(herTrustees);
    await story.admit("new phone", "tablet");
    story.at(33 * day).succeed(herTrustees, { heads: [succession], request: "another", who: "thief" });
    await story.say("phone", "move", { inbox: inbox("phone's") }, [succession]);
    return 40 * day;
  },
  "successionIsOnce: the recovery key of another plan": async (story) => {
    await recoverable(story);
    story.at(30 * day).succeed(thiefs);
    return 40 * day;
  },
  "contestEscalates: contested in time": async (story) => {
    const heads = await recoverable(story);
    story.at(30 * day).succeed(herTrustees);
    await story.at(31 * day).contest("phone", heads);
    return 33 * day;
  },
  "contestEscalates: the second key's, and when it is due": async (story) => {
    const heads = await recoverable(story);
    story.at(30 * day).succeed(herTrustees);
    await story.at(31 * day).contest("phone", heads);
    story.at(34 * day).succeed(herTrustees, { heads, threshold: 1 });
    return 38 * day - hour;
  },
  "contestEscalates: the second key's counts": async (story) => {
    const heads = await recoverable(story);
    story.at(30 * day).succeed(herTrustees);
    await story.at(31 * day).contest("phone", heads);
    story.at(34 * day).succeed(herTrustees, { heads, threshold: 1 });
    return 38 * day;
  },
  "contestEscalates: nothing escalates, and the contested one has expired": async (story) => {
    const heads = await recoverable(story);
    story.at(30 * day).succeed(herTrustees);
    await story.at(31 * day).contest("phone", heads);
    return 53 * day;
  },
  "contestEscalates: a contest that comes too late": async (story) => {
    const heads = await recoverable(story);
    story.at(30 * day).succeed(herTrustees);
    await story.at(32 * day).contest("phone", heads);
    return 33 * day;
  },
  "rivalsAreContested: two requests": async (story) => {
    const heads = await recoverable(story);
    story.at(30 * day).succeed(herTrustees);
    story.at(31 * day).succeed(herTrustees, { heads, request: "another", who: "thief" });
    return 35 * day;
  },
  "personDecides: one of two requests is accepted": {
    tell: async (story) => {
      const heads = await recoverable(story);
      story.at(30 * day).succeed(herTrustees);
      story.at(31 * day).succeed(herTrustees, { heads, request: "another", who: "thief" });
      return 31 * day;
    },
    decisions: { 2: "accept" },
  },
  "personDecides: the only one is refused": {
    tell: async (story) => {
      await recoverable(story);
      story.at(30 * day).succeed(herTrustees);
      return 35 * day;
    },
    decisions: { 2: "refuse" },
  },
  "successionQuarantines: what a thief with the phone said beside it, and before it": async (story) => {
    const heads = await recoverable(story);
    await story.at(25 * day).retire("phone", "laptop", [], heads);
    await story.say("phone", "move", { inbox: inbox("thief's") });
    await story.say("phone", "close", { reason: "goodbye" });
    story.at(30 * day).succeed(herTrustees, { heads });
    return 31 * day;
  },
  "graceOfPlans: a thief re-deals the plan, on day 40 Ana recovers through the old trustees": async (story) => {
    const heads = await recoverable(story);
    await story.at(day).say("phone", "plan", { custody, plan: thiefs.plan(side) }, heads);
    story.at(41 * day).succeed(herTrustees);
    return 43 * day;
  },
  "graceOfPlans: on day 45 it is over": async (story) => {
    const heads = await recoverable(story);
    await story.at(day).say("phone", "plan", { custody, plan: thiefs.plan(side) }, heads);
    story.at(46 * day).succeed(herTrustees);
    return 50 * day;
  },
  "authorityOrder: under the old plan, before the new one has matured": async (story) => {
    const heads = await recoverable(story);
    const plan = await story.at(30 * day).say("phone", "plan", { custody, plan: thiefs.plan(side) }, heads);
    story.succeed(thiefs, { heads: [plan], request: "another", who: "thief" });
    story.at(40 * day).succeed(herTrustees, { heads });
    return 50 * day;
  },
  "planMatures: a peer who was away learns of a new plan and of a succession under it at once": async (story) => {
    const heads = await recoverable(story);
    await story.at(365 * day).say("laptop", "plan", { custody, plan: thiefs.plan(side) }, heads);
    story.succeed(thiefs);
    return 378 * day;
  },
};

async function recoverable(story: Story): Promise<readonly Statement[]> {
  await story.found("phone", herTrustees.plan(side));
  return [await story.admit("phone", "laptop")];
}

/** What two implementations must agree on. */
function summary(state: LineageState): Fields {
  return toJson({
    kind: state.kind,
    leaves: [...state.leaves.values()]
      .map(({ leaf, status, proof, reason }) => ({ id: toHex(leaf.id), status, proof, reason }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    inbox: state.inbox?.sendId,
    custody: state.custody?.class,
    plan: { version: state.plan.version, admissionKeys: state.plan.admissionKeys },
    heads: state.heads,
    standing: [...state.standing]
      .map(([id, standing]) => ({ id, kind: standing.kind, rule: standing.kind === "void" ? standing.rule : undefined }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    nextChange: state.nextChange,
  }) as Fields;
}

const recovered = (state: LineageState): Fields => ({
  ...summary(state),
  epoch: state.epoch,
  successions: toJson(state.successions.map(({ statement, status, until, contest }) => ({ statement, status, until, contest }))),
  quarantined: toJson(state.changes.filter(({ quarantined }) => quarantined).map(({ statement }) => statement)),
});

const runWith =
  (tell: (state: LineageState) => Fields): Run =>
  (input) => {
    const statements: Statement[] = [];
    for (const bytes of bytesListOf(input, "statements")) {
      const parsed = parseStatement(bytes);
      if (!parsed.ok) return err(parsed.error);
      const verified = parsed.value.type === "succeed" ? verifySuccession(parsed.value) : undefined;
      if (verified?.ok === false) return err(verified.error);
      statements.push(parsed.value);
    }
    const times = listOf(input, "firstSeen");
    const firstSeen: FirstSeen = new Map(statements.map(({ id }, index) => [idKey(id), Number(times[index])]));
    const decisions: Decisions = new Map(Object.entries(input["decisions"] ?? {}) as readonly [string, "accept" | "refuse"][]);
    return ok(tell(reduce(statements, firstSeen, numberOf(input, "now"), decisions)));
  };
const run = runWith(summary);
const recover = runWith(recovered);

async function toldRecovery(name: string, recovery: Recovery | Tell): Promise<ValidCase> {
  const { tell, decisions = {} } = typeof recovery === "function" ? { tell: recovery } : recovery;
  const story = new Story();
  const now = begin + (await tell(story));
  const statements = story.statements.map(({ bytes }) => toHex(bytes));
  const firstSeen = story.statements.map(({ id }: { readonly id: StatementId }) => story.seen.get(idKey(id)) ?? 0);
  const decided = Object.fromEntries(
    Object.entries(decisions).map(([at, decision]) => [idKey((story.statements[Number(at)] as Statement).id), decision]),
  );
  const input = { statements, firstSeen, now, decisions: decided };
  return { name, type: "recover", input, output: expectOk(await recover(input)) };
}

async function told(name: string, tell: Tell): Promise<ValidCase> {
  const story = new Story();
  const now = begin + (await tell(story));
  const bytes = story.statements.map((statement): Bytes => statement.bytes);
  const seen = story.statements.map(({ id }: { readonly id: StatementId }) => story.seen.get(idKey(id)) ?? 0);
  const input = { statements: bytes.map((one) => toHex(one)), firstSeen: seen, now };
  return { name, type: "reduce", input, output: expectOk(await run(input)) };
}

export const lineage: Topic = {
  name: "lineage",
  about:
    "Statements of one side, when the observer first saw each (`firstSeen`, in the same order), and its clock (`now`): the state that " +
    "follows, in whatever order the statements are given. With successions also what the observer's person decided (`decisions`, by " +
    "statement id).",
  types: { reduce: run, recover },
  valid: () =>
    Promise.all([
      ...Object.entries(stories).map(([name, tell]) => told(name, tell)),
      ...Object.entries(recoveries).map(([name, recovery]) => toldRecovery(name, recovery)),
    ]),
  invalid: () => [],
};
