/*
 * Whose recovery key decides at a peer while plans change: rules R6, R7 and R8, as page 3 has them in authorityOrder,
 * planMatures, replacingPlansWait, graceOfPlans, successionQuarantines and oldLeavesRetire. README.md says what is left out.
 *
 * Two plans, each with its trustees and its recovery keys. The old one was in force at the peer when time began.
 *   the theft   The old device is a thief's, who says a new plan with trustees of his own. Ana has lost everything, and
 *               recovers by the trustees of the old plan.
 *   the change  (-DCHANGED) Ana said the new plan herself, because t trustees of the old one went bad. Then she loses
 *               everything, and recovers by the trustees of the new plan. With -DAWAY the peer knows of no change yet.
 * What goes on among trustees is in recovery.pml; here it is one process that takes as long as it must.
 *
 * A tick is a third of a week, and times are those of the peer's first sight.
 */

#ifndef DELAY
#define DELAY 1 /* of the plan: 48 hours, rounded up */
#endif
#define WEEK 3
/* At most: until t' trustees have approved again after a contest, and until the peer has what was deposited. */
#ifndef ANSWER
#define ANSWER 1
#endif
#ifndef DELIVERY
#define DELIVERY 0
#endif
#ifndef GRACE
#define GRACE 19 /* 45 days */
#endif
#define NEVER 255
#define FOR_EVER 100

/* In the theft Ana has t approvals less than this after the peer saw the thief's plan; 0: before. */
#ifndef BEGIN
#define BEGIN 0
#endif
#ifdef CHANGED
#define LAST 21 /* she has them no later than this, in any case */
#define HORIZON 50
#else
#define LAST (BEGIN + 1)
#define HORIZON (LAST + 21)
#endif

#ifdef WITHOUT_R7
#define MATURE 0
#else
#define MATURE 6
#endif
/* replacingPlansWait: how long a matured plan waits for what was approved before it matured, and is on its way. */
#ifndef OVERLAP
#ifdef WITHOUT_R7
#define OVERLAP 0
#else
#define OVERLAP 6
#endif
#endif
#define DECIDES_AT (newPlan + MATURE + OVERLAP)
/* contestEscalates: for how long an escalation is waited for, in any case. */
#ifndef ESCALATION
#define ESCALATION (3 * WEEK)
#endif

#define ANA 0
#define EVE 1
#define NOBODY 2

byte now;

/* Ana's recovery. */
byte approvedAt = NEVER; /* t approvals were there */
byte signedAt = NEVER;   /* by the first key */
byte contestedAt = NEVER;
byte confirmedAt = NEVER;    /* t' approvals with the contest on the screen were there */
byte secondSignedAt = NEVER; /* by the second key */

/* What the peer saw, and when. */
byte newPlan = NEVER;
byte ana = NEVER;       /* the succession of Ana's request by which her rank is judged: the first, while it is open */
byte anaSecond = NEVER; /* the one by the second key */
byte eve = NEVER;       /* one by the thief's trustees; in the change, by the removed ones */
bool eveContested;
byte final = NOBODY;
bool puppet; /* a device that the thief admitted is live */

/* Set when a property is broken, for its name in the checker's report. ONLY looks at one. */
bool twoFinal;
bool impostorFinal;
bool puppetLives;
#define P_twoFinal 1
#define P_impostorFinal 2
#define P_puppetLives 3
#ifndef ONLY
#define ONLY 0
#endif
#define FORBID(what, condition) what = ((condition) && (ONLY == 0 || ONLY == P_##what)); assert(!what)

/* ---- The rules of a peer --------------------------------------------------------------------------------------------- */

#define LATER(a, b) ((a) > (b) -> (a) : (b))

/* contestEscalates: what was contested, and has no answer by the second key when it expires, is over. */
#define ANA_ENDED (ana != NEVER && contestedAt != NEVER && anaSecond == NEVER && \
  now >= LATER(signedAt + 2 * WEEK, LATER(contestedAt, ana) + ESCALATION))
#define ANA_OPEN (ana != NEVER && final == NOBODY && !ANA_ENDED)
#define EVE_OPEN (eve != NEVER && !(eveContested && now >= eve + 4 * WEEK))

/* replacingPlansWait, and authorityOrder: what the old plan's key signed ranks first if the new plan did not decide when it came. */
#define NEW_PLAN_DECIDES (newPlan != NEVER && now >= DECIDES_AT)
#define CAME_FIRST(seen) (newPlan == NEVER || (seen) < DECIDES_AT)

/* graceOfPlans: what came later still counts for 45 days, unless the new plan's key has signed something. */
#if defined(WITHOUT_R7_NEW_KEYS)
/* Trustees were removed by refreshing the shares: the old ones still make signatures that verify. */
#define IN_GRACE(seen) true
#else
#define IN_GRACE(seen) (newPlan == NEVER || (seen) <= newPlan + GRACE)
#endif

#ifdef CHANGED

/* R7: a succession under a plan that is new to the peer is pending, not refused. */
#ifdef WITHOUT_R7_PENDING
#define ANA_RANKS (NEW_PLAN_DECIDES && DECIDES_AT <= ana)
#else
#define ANA_RANKS (NEW_PLAN_DECIDES && !(EVE_OPEN && CAME_FIRST(eve)))
#endif
#define EVE_RANKS (IN_GRACE(eve) && (CAME_FIRST(eve) || !(ANA_OPEN && NEW_PLAN_DECIDES)))

#else

#define ANA_RANKS (CAME_FIRST(ana) || (IN_GRACE(ana) && !(eve != NEVER && NEW_PLAN_DECIDES)))
/* R6, successionQuarantines: while what came first may count, the plan that it does not name in its past is of no effect. */
#ifdef WITHOUT_R6
#define EVE_RANKS NEW_PLAN_DECIDES
#else
#define EVE_RANKS (NEW_PLAN_DECIDES && !(ANA_OPEN && CAME_FIRST(ana)))
#endif

#endif

/* A remedy: what two plans' keys signed contests each other, even if one plan is not in force yet. */
#ifdef RIVALS_ACROSS_PLANS
#define RIVALS (ANA_OPEN && eve != NEVER && IN_GRACE(eve) && !eveContested)
#else
#define RIVALS false
#endif

/* peersWait and contestEscalates: the peer's own delay; after a contest the second key, and a week from the contest. */
#define ANA_WAITED (anaSecond != NEVER -> \
  now >= anaSecond + DELAY && (contestedAt == NEVER || now >= contestedAt + WEEK) : \
  ana != NEVER && contestedAt == NEVER && !RIVALS && now >= ana + DELAY)
#define EVE_WAITED (eve != NEVER && !RIVALS && !eveContested && now >= eve + DELAY)

/* R2: the commitments in force are used once. A new plan brings its own, if it has effect. */
#ifdef WITHOUT_R6
#define EVE_HAS_COMMITMENT (final != EVE)
#else
#define EVE_HAS_COMMITMENT (final == NOBODY)
#endif

#define ANA_COUNTS (final == NOBODY && ANA_WAITED && ANA_RANKS)
#define EVE_COUNTS (EVE_HAS_COMMITMENT && EVE_WAITED && EVE_RANKS)

proctype Peer() {
  do
  :: atomic {
      ANA_COUNTS ->
        final = ANA;
#ifndef WITHOUT_R8
        puppet = false; /* every old leaf is retired */
#endif
        FORBID(puppetLives, puppet)
    }
  :: atomic {
      EVE_COUNTS ->
        FORBID(twoFinal, final != NOBODY);
        FORBID(impostorFinal, true);
        final = EVE
    }
  od
}

/* ---- Ana, her new device, and the trustees of the plan she recovers by ------------------------------------------------ */

#ifdef CHANGED
#define IN_TIME(time) true
#else
#define IN_TIME(time) (newPlan == NEVER || (time) < newPlan + BEGIN)
#endif

#define OWED ((secondSignedAt != NEVER && anaSecond == NEVER) || (signedAt != NEVER && ana == NEVER))

/*
 * R13: deposited until the peer has it. R7: with the chain of plans from the archive, which walks the peer forward. What the
 * second key signed has the rank of what it escalates, if that is open.
 */
inline deposit() {
  ana = (ana == NEVER || ANA_ENDED -> now : ana);
  anaSecond = (secondSignedAt != NEVER -> now : NEVER);
#ifdef CHANGED
  newPlan = (newPlan == NEVER -> now : newPlan)
#endif
}

proctype Recovery() {
  do
  :: atomic { approvedAt == NEVER && IN_TIME(now) && now <= LAST -> approvedAt = now }
  :: atomic { approvedAt != NEVER && signedAt == NEVER && contestedAt == NEVER && now >= approvedAt + DELAY -> signedAt = now }
  :: atomic { RIVALS -> eveContested = true; contestedAt = (contestedAt == NEVER -> now : contestedAt) }
  :: atomic { contestedAt != NEVER && confirmedAt == NEVER -> confirmedAt = now }
  :: atomic { confirmedAt != NEVER && secondSignedAt == NEVER && now >= confirmedAt + WEEK -> secondSignedAt = now }
  :: atomic { OWED -> deposit() }
  od
}

/* ---- The thief, or the removed trustees ------------------------------------------------------------------------------- */

#ifdef CONTEST_AT_PEERS_ONLY
#define CAN_CONTEST (ana != NEVER)
#else
#define CAN_CONTEST (approvedAt != NEVER)
#endif

/* May say anything in the name of the old side, when he likes and never, but only once. */
proctype Thief() {
  do
  :: atomic { newPlan == NEVER && (BEGIN > 0 || approvedAt != NEVER) -> newPlan = now }
#ifndef PLAN_NOT_USED
  :: atomic { eve == NEVER -> eve = now }
#endif
  :: atomic { CAN_CONTEST && contestedAt == NEVER && final == NOBODY -> contestedAt = now }
  :: atomic { final == NOBODY && !puppet -> puppet = true }
#ifdef WITHOUT_R6
  :: atomic { final == ANA && !puppet -> puppet = true; FORBID(puppetLives, true) }
#endif
  :: break
  od
}

/* When 45 days are over since the change; with -DAWAY the peer may not have heard of it. */
proctype RemovedTrustees() {
#ifdef ONLY_ONCE_WALKED_FORWARD
  ana != NEVER;
#endif
  if
  :: atomic { now > 19 -> eve = now }
  :: true
  fi
}

/* ---- Time: it does not outrun what honest people do in time ----------------------------------------------------------- */

#define TO_BEGIN (approvedAt == NEVER && (now == LAST || !IN_TIME(now + 1)))
#define TO_SIGN (approvedAt != NEVER && signedAt == NEVER && contestedAt == NEVER && now >= approvedAt + DELAY)
#define TO_TELL RIVALS
#define TO_CONFIRM (contestedAt != NEVER && confirmedAt == NEVER && now >= contestedAt + ANSWER)
#define TO_SIGN_AGAIN (confirmedAt != NEVER && secondSignedAt == NEVER && now >= confirmedAt + WEEK)
#define TO_DELIVER (OWED && now >= (secondSignedAt != NEVER -> secondSignedAt : signedAt) + DELIVERY)
#define TO_DO (TO_BEGIN || TO_SIGN || TO_TELL || TO_CONFIRM || TO_SIGN_AGAIN || TO_DELIVER || ANA_COUNTS)

proctype Clock() {
  do
  :: atomic { now < HORIZON && !TO_DO -> now++ }
  od
}

init {
  atomic {
#ifdef CHANGED
#ifndef AWAY
    newPlan = 0;
#endif
#ifndef QUIET
    run RemovedTrustees();
#endif
#else
    run Thief();
#endif
    run Recovery();
    run Peer();
    run Clock()
  }
}

/* What a run must be able to reach, or its good verdict would mean little: `-DREACH=` one of these. */
#define calmRecovery (final == ANA && contestedAt == NEVER)
#define contestedRecovery (final == ANA && anaSecond != NEVER)
#define recoveryPastMaturing (final == ANA && newPlan != NEVER && now > DECIDES_AT && eve < now)
#define recoveryInGrace (final == ANA && newPlan != NEVER && ana >= DECIDES_AT)
#define walkedForward (final == ANA && newPlan == ana)
#ifdef REACH
bool reached;
active proctype Witness() { atomic { REACH -> reached = true; assert(!reached) } }
#endif

#ifdef LIVENESS
ltl recovers { <> (final == ANA) }
#endif
