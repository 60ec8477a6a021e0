/**
 * What the model is asked, and what it must answer. Each run is one configuration of one file of `spec/model/`, searched whole.
 * `spec/model/README.md` has the same table with the reasons; `npm run model` compares the two.
 */

export interface Run {
  readonly name: string;
  readonly file: "recovery" | "plans";
  readonly defines: readonly string[];
  /**
   * `safety`: no assertion fails. `liveness`: and every run, fair or not, ends recovered. `fair`: the same of every run in which
   * nobody who could go on for ever stands still for ever.
   */
  readonly search: "safety" | "liveness" | "fair";
  /** The property that is to break, or undefined where all are to hold. */
  readonly breaks: string | undefined;
}

export interface Group {
  readonly title: string;
  readonly runs: readonly Run[];
}

type Make = (name: string, defines: string, breaks?: string) => Run;

const make =
  (file: Run["file"], search: Run["search"]): Make =>
  (name, defines, breaks) => ({ name, file, search, breaks, defines: defines.split(" ").filter((one) => one !== "") });

const recovery = make("recovery", "safety");
const recovers = make("recovery", "liveness");
const recoversFairly = make("recovery", "fair");
const plans = make("plans", "safety");
const plansRecover = make("plans", "liveness");

/** The smallest plans with a second key below n: all honest, or with one who is not. */
const pair = "TRUSTEES=2 THRESHOLD=1 MALICIOUS=0";
const four = "TRUSTEES=4";
const five = "TRUSTEES=5 THRESHOLD=3";
const owner = "OWNER_HAS_OLD_DEVICE";
/** t of four trustees are malicious: nothing but the peers' delay and the owner are left. */
const colluders = `${four} MALICIOUS=2 ${owner} OWNER_CHECKS_INBOX DELAY=2`;
/** A plan that replaces another decides as soon as it is in force. */
const hasty = "OVERLAP=0";
/** The thief's plan is seen up to 25⅔ days before there are t approvals, and contests are laid at peers only. */
const late = "BEGIN=11 CONTEST_AT_PEERS_ONLY";
const walked = "CHANGED AWAY ONLY_ONCE_WALKED_FORWARD";

export const groups: readonly Group[] = [
  {
    title: "What must hold",
    runs: [
      recovery("a thief contests", ""),
      recovery("a thief contests, 2 of 4", four),
      recovery("a thief contests, 3 of 5, two malicious", `${five} MALICIOUS=2`),
      recovery("a thief contests, two peers", "PEERS=2"),
      recovery("a thief contests, one operator may be silent", "MAY_BE_SILENT"),
      recovery("an impostor asks too, requests expire", "FOOLED EXPIRY"),
      recovery("the owner contests an impostor, 2 of 4", `${four} ${owner}`),
      recovery("the owner contests, requests expire", `${owner} EXPIRY`),
      recovery("the owner reads the queue in time", `${owner} OWNER_CHECKS_QUEUE DELAY=2`),
      recovery("t collude, the owner reads her inbox in time", colluders),
      recovery("every old device's first contest counts", `${owner} CONTESTERS=2 EVERY_DEVICE_COUNTS`),
      recovers("recovery, uncontested, t honest of 5", `LIVENESS ${five} MALICIOUS=2 NO_CONTEST MAY_BE_SILENT`),
      recovers("recovery, contested, t′ honest of 4", `LIVENESS ${four} MAY_BE_SILENT`),
      recoversFairly("recovery, contested, fair, two peers", `LIVENESS ${pair} PEERS=2`),
      recovers("recovery, two old devices contest", `LIVENESS ${pair} CONTESTERS=2 EVERY_DEVICE_COUNTS`),
      plans("a thief re-deals after t approvals", ""),
      plansRecover("recovery, a thief re-deals after t approvals", "LIVENESS"),
      plans("a thief re-deals less than 14 days before", "BEGIN=6"),
      plansRecover("recovery, a thief re-deals less than 14 days before", "LIVENESS BEGIN=6"),
      plans("a thief re-deals before, trustees take 4⅔ days to answer", "BEGIN=6 ANSWER=2"),
      plansRecover("recovery, the same, trustees take 4⅔ days", "LIVENESS BEGIN=6 ANSWER=2"),
      plans("a thief re-deals before, peers hear 2⅓ days late", "BEGIN=6 DELIVERY=1"),
      plans("a thief re-deals after, and both are late", "ANSWER=2 DELIVERY=1"),
      plans("a thief re-deals less than 25⅔ days before, contests late", late),
      plansRecover("recovery, a thief re-deals before and contests late", `LIVENESS ${late}`),
      plansRecover("recovery within 28 days of a plan that is not used", "LIVENESS BEGIN=12 PLAN_NOT_USED"),
      plans("trustees were removed", "CHANGED"),
      plansRecover("recovery by the new trustees", "LIVENESS CHANGED QUIET"),
      plansRecover("recovery at a peer who was away", "LIVENESS CHANGED QUIET AWAY"),
    ],
  },
  {
    title: "What must be reachable",
    runs: [
      recovery("reach: recovery without a contest", "REACH=calmRecovery", "reached"),
      recovery("reach: recovery by the second key", "REACH=contestedRecovery", "reached"),
      recovery("reach: recovery past a silent operator", "MAY_BE_SILENT REACH=recoveryPastSilence", "reached"),
      recovery("reach: a peer waits for the second key", "REACH=contestedPeer", "reached"),
      recovery("reach: a contest after the shares", "REACH=contestAfterSigning", "reached"),
      recovery("reach: an impostor confirmed by t′ who were fooled", `${owner} REACH=impostorConfirmed`, "reached"),
      recovery("reach: rivals by the second key", "FOOLED EXPIRY REACH=rivalsFrozen", "reached"),
      plans("reach: recovery without a contest, plans", "REACH=calmRecovery", "reached"),
      plans("reach: recovery by the second key, plans", "REACH=contestedRecovery", "reached"),
      plans("reach: recovery past the maturing of the thief's plan", "BEGIN=1 REACH=recoveryPastMaturing", "reached"),
      plans("reach: recovery in the 45 days of grace", "BEGIN=12 PLAN_NOT_USED REACH=recoveryInGrace", "reached"),
      plans("reach: a peer walked forward", "CHANGED AWAY QUIET REACH=walkedForward", "reached"),
    ],
  },
  {
    title: "What each rule keeps out",
    runs: [
      recovery("without R2", "FOOLED EXPIRY WITHOUT_R2", "twoFinal"),
      recovery("without R3", "WITHOUT_R3 ONLY=P_sharedBeforeDelay", "sharedBeforeDelay"),
      recovery(
        "without R3: the owner is overruled",
        `${owner} OWNER_CHECKS_QUEUE DELAY=2 WITHOUT_R3 ONLY=P_ownerOverruled`,
        "ownerOverruled",
      ),
      recovery("without R3 at peers: t collude in silence", `${colluders} WITHOUT_R3_AT_PEERS`, "ownerOverruled"),
      recovery("without R5: trustees go on", "WITHOUT_R5 ONLY=P_sharedAgainstContest", "sharedAgainstContest"),
      recovery("without R5: peers go on", "WITHOUT_R5 ONLY=P_finalAgainstContest", "finalAgainstContest"),
      recovery("without R5: t collude, the owner is overruled", `${colluders} WITHOUT_R5 ONLY=P_ownerOverruled`, "ownerOverruled"),
      recovery("without R5: old approvals are enough", "WITHOUT_R5_AGAIN", "sharedAgainstContest"),
      recovery("without R5: no second key", "WITHOUT_R5_SECOND_KEY ONLY=P_finalWithTooFewApprovals", "finalWithTooFewApprovals"),
      recovers("without R5: a contest wins", `LIVENESS ${four} WITHOUT_R5_ESCALATION`, "recovers"),
      recoversFairly("without R5: each contest counts", `LIVENESS ${four} WITHOUT_R5_ONCE`, "recovers"),
      plans("without R5: an escalation has 7 days, not 21", "BEGIN=6 ANSWER=2 ESCALATION=WEEK", "impostorFinal"),
      plans("without R6: the thief succeeds too", "WITHOUT_R6 ONLY=P_twoFinal", "twoFinal"),
      plans("without R6: the thief succeeds first", "WITHOUT_R6 ONLY=P_impostorFinal", "impostorFinal"),
      plans("without R6: the thief admits a device", "WITHOUT_R6 ONLY=P_puppetLives", "puppetLives"),
      plansRecover("without R6: no recovery", `LIVENESS ${late} WITHOUT_R6 ONLY=P_twoFinal`, "recovers"),
      plans("without R7: a plan is in force at once", "WITHOUT_R7", "impostorFinal"),
      plansRecover("without R7: no recovery", "LIVENESS WITHOUT_R7 ONLY=P_twoFinal", "recovers"),
      plans("without R7: what replaces decides when in force", `BEGIN=2 ${hasty}`, "impostorFinal"),
      plans("without R7: the same, a thief contests late", `BEGIN=6 CONTEST_AT_PEERS_ONLY ${hasty}`, "impostorFinal"),
      plans("without R7: the same, trustees take 4⅔ days to answer", `ANSWER=2 ${hasty}`, "impostorFinal"),
      plans("without R7: the same, peers hear 2⅓ days late", `DELIVERY=1 ${hasty}`, "impostorFinal"),
      plans("without R7: shares are only refreshed", "CHANGED WITHOUT_R7_NEW_KEYS", "impostorFinal"),
      plansRecover("without R7: what is new is refused", "LIVENESS CHANGED QUIET AWAY WITHOUT_R7_PENDING", "recovers"),
      plans("without R8", "WITHOUT_R8", "puppetLives"),
    ],
  },
  {
    title: "Where the rules end",
    runs: [
      recovery("one operator is enough to read", "READ_ONE", "sharedAgainstContest"),
      recovers("both operators must be read", `LIVENESS ${four} MAY_BE_SILENT READ_BOTH`, "recovers"),
      recovery("signing without reading once more", "SIGN_WITHOUT_READING", "sharedAgainstContest"),
      recovery("a trustee keeps a contest to itself", "WITHOUT_PASSING_ON", "sharedAgainstContest"),
      recovers("the new device does not heed its peers", `LIVENESS ${four} WITHOUT_PEERS_NEWS`, "recovers"),
      recovery("only the first contest counts", `${owner} CONTESTERS=2`, "sharedAgainstContest"),
      recovery("only the first contest counts, and is asked for", `${owner} CONTESTERS=2 ONLY_CONTESTS_THAT_COUNT`),
      recovery("a contest after the shares were given", "EVEN_AFTER_SHARES", "finalAgainstContest"),
      recovers("contested, t honest of 3", "LIVENESS", "recovers"),
      recovers("contested, 3 of 5, two dead", `LIVENESS ${five} MALICIOUS=2`, "recovers"),
      plans("a thief re-deals less than 16⅓ days before", "BEGIN=7"),
      plans("a thief re-deals less than 18⅔ days before", "BEGIN=8", "impostorFinal"),
      plans("a thief re-deals less than 28 days before, contests late", "BEGIN=12 CONTEST_AT_PEERS_ONLY", "impostorFinal"),
      plans("a thief re-deals before, and both are late", "BEGIN=6 ANSWER=2 DELIVERY=1", "impostorFinal"),
      plans("a thief re-deals before, the delay is a week", "BEGIN=6 DELAY=WEEK", "impostorFinal"),
      plans("a thief re-deals 11⅔ days before, the delay is a week", "BEGIN=5 DELAY=WEEK"),
      plans("a plan that replaces waits 9⅓ days more, not 14", "BEGIN=6 OVERLAP=4", "impostorFinal"),
      plans("a plan that replaces waits 11⅔ days more, not 14", "BEGIN=6 OVERLAP=5"),
      plans("it does not wait, and is dealt less than 2⅓ days before", `BEGIN=1 ${hasty}`),
      plans("removed trustees, grace without end", "CHANGED GRACE=FOR_EVER", "impostorFinal"),
      plans("removed trustees, a peer who was away", "CHANGED AWAY", "impostorFinal"),
      plans("removed trustees, a peer walked forward", walked, "impostorFinal"),
      plans("the same, rivals of two plans contest", `${walked} RIVALS_ACROSS_PLANS`),
      plansRecover("recovery, the same, rivals of two plans contest", `LIVENESS ${walked} RIVALS_ACROSS_PLANS`),
      plans("a thief re-deals, rivals of two plans contest", "RIVALS_ACROSS_PLANS"),
    ],
  },
];
