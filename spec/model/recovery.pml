/*
 * One recovery, from the first approval to what the peers believe: rules R2, R3, R5 and R12.
 * README.md says what is left out and what each run shows; setting.pml has the numbers, ghosts.pml the properties.
 *
 *   trustee  idle -approve-> approved -enough approvals-> waiting -delay, queue read-> released -queue read again-> signed
 *            any of these but idle -a contest is learned-> contested -approve again-> approved, now for the second key
 *   peer     nothing -succeed-> pending -its own delay-> final
 *            what is pending by the first key waits for the second once a contest or a rival is heard
 *
 * Messages are sets that only grow. Who may read a message reads it now, later, twice or never, in any order: loss, delay,
 * repetition and reordering need nothing more. Malicious trustees have no process: each counts as having said and shared
 * whatever helps a request most, whichever request it is.
 */
#include "setting.pml"

mtype = { idle, approved, waiting, passingOver, released, signed, contested };

/* The plan queue, as the honest operator has it. What the hostile one shows, it shows to whom and when it likes. */
byte approvals[REQUESTS * LEVELS]; /* which honest trustees approved, by request and level */
byte queue;                        /* contests */

/* Shares of a signature, by request and level: level 0 is the first key, any other the second. */
byte shares[REQUESTS * LEVELS];

/* Honest trustees. */
mtype phase[HONEST] = idle;
byte open[HONEST] = NOBODY; /* R12: one open request */
byte closed[HONEST];        /* requests that it saw expire */
byte level[HONEST];         /* contests that its approval was given after */
byte wait[HONEST];
byte knows[HONEST]; /* contests it has read, in the queue or in its own relationship */

/* Honest peers. */
byte pending[PEERS] = NOBODY;
byte pendingLevel[PEERS];
byte peerWait[PEERS];
byte heard[PEERS];  /* contests it has read; a rival succession is one too */
bool frozen[PEERS]; /* two rivals, both by the second key: nobody but the peer's person decides */
byte final[PEERS] = NOBODY;

byte helping;        /* malicious trustees who have joined in */
bool operatorSilent; /* the hostile operator answers nobody */

/* Approvals for a request that were given after all contests of a level. */
#if LEVELS == 2
#define BACKERS(request, l) (approvals[AT(request, 1)] | ((l) == 0 -> approvals[AT(request, 0)] : 0))
#else
#define BACKERS(request, l) ( \
  ((l) == 0 -> approvals[AT(request, 0)] : 0) | \
  (((l) & ~1) == 0 -> approvals[AT(request, 1)] : 0) | \
  (((l) & ~2) == 0 -> approvals[AT(request, 2)] : 0) | \
  approvals[AT(request, 3)])
#endif
#define ENOUGH_APPROVALS(request, l) (COUNT(BACKERS(request, l)) + helping >= NEEDED(l))
#define SIGNATURE(request, l) (COUNT(shares[AT(request, l)]) + helping >= NEEDED(l))
#define COVERS(l, contests) ((COUNTED(contests) & ~(l)) == 0)

#ifdef WITHOUT_R2
#define UNDECIDED(me) true
#else
#define UNDECIDED(me) (final[me] == NOBODY)
#endif

#include "ghosts.pml"

/* ---- Trustees -------------------------------------------------------------------------------------------------------- */

/* Types in the spoken code, with every contest that the trustee has read on the screen. */
inline approve(me, request) {
  open[me] = request;
  if
  :: request == CONTESTED -> level[me] = COUNTED(knows[me])
  :: request != CONTESTED -> level[me] = 0
  :: request != CONTESTED -> level[me] = 1 /* contested by whom does not matter */
  fi;
  approvals[AT(request, level[me])] = approvals[AT(request, level[me])] | BIT(me);
  phase[me] = approved;
  noteApproval(me, request)
}

/* R5: what was approved before a contest that counts is approved again, or not at all. */
inline heed(me) {
  if
  :: open[me] == CONTESTED && !COVERS(level[me], knows[me]) -> phase[me] = contested; wait[me] = 0
  :: else
  fi
}

/* Reads what both operators show. The honest one is never out of reach longer than PATIENCE, so that nobody passes it over. */
inline readQueue(me) {
#ifdef READ_ONE
  if
  :: knows[me] = knows[me] | queue
  :: true /* only the hostile operator could be reached */
  fi;
#else
  knows[me] = knows[me] | queue;
#endif
  heed(me)
}

/* Its share of the opener, sealed to the new device. */
inline release(me) {
  readQueue(me);
  if
  :: phase[me] != contested -> checkShare(me); phase[me] = released
  :: else
  fi
}

/* Its share of the signature. The new device may have taken its time since the release, so that the queue is read again. */
inline sign(me) {
#ifndef SIGN_WITHOUT_READING
  readQueue(me);
#endif
  if
  :: phase[me] != contested ->
    checkShare(me);
    shares[AT(open[me], level[me])] = shares[AT(open[me], level[me])] | BIT(me);
    phase[me] = signed
  :: else
  fi
}

proctype Trustee(byte me) {
  do
  :: atomic { (queue & ~knows[me]) != 0 -> knows[me] = knows[me] | queue; heed(me) }
  :: atomic { ANA_ASKS && phase[me] == idle && !(closed[me] & BIT(ANA)) -> approve(me, ANA) }
  :: atomic { EVE_ASKS && phase[me] == idle && !(closed[me] & BIT(EVE)) -> approve(me, EVE) }
  :: atomic { phase[me] == approved && ENOUGH_APPROVALS(open[me], level[me]) -> wait[me] = WAIT(level[me]); phase[me] = waiting }
  :: atomic { phase[me] == waiting && wait[me] == 0 && !operatorSilent -> release(me) }
#ifndef READ_BOTH
  :: atomic { phase[me] == waiting && wait[me] == 0 && operatorSilent -> wait[me] = PATIENCE; phase[me] = passingOver }
  :: atomic { phase[me] == passingOver && wait[me] == 0 -> release(me) }
#endif
  :: atomic { phase[me] == released -> sign(me) }
#ifdef WITHOUT_R5_AGAIN
  /* The approval from before the contest is taken for one after it. */
  :: atomic {
      phase[me] == contested ->
        level[me] = COUNTED(knows[me]);
        approvals[AT(open[me], level[me])] = approvals[AT(open[me], level[me])] | BIT(me);
        phase[me] = approved
    }
#elif !defined(WITHOUT_R5_ESCALATION)
  :: atomic { phase[me] == contested -> approve(me, open[me]) }
#endif
#ifdef EXPIRY
  /* The request expires, or is withdrawn: at any time, to be on the safe side. */
  :: atomic {
      phase[me] != idle ->
        closed[me] = closed[me] | BIT(open[me]);
        open[me] = NOBODY; phase[me] = idle; wait[me] = 0; level[me] = 0; noteClosed(me)
    }
#endif
  od
}

/* Their withheld help must stop nobody, so that they join in one by one, at any time or never. */
proctype MaliciousTrustees() {
  do
  :: helping < MALICIOUS -> helping++
  :: break
  od
}

/* ---- The old device, in whatever hands, and the new one -------------------------------------------------------------- */

/* A contest gets through to a trustee, by the relationship or the hostile operator: it learns, and passes it on. */
inline reach(trustee) {
  atomic {
    !(knows[trustee] & which) ->
      knows[trustee] = knows[trustee] | which;
#ifndef WITHOUT_PASSING_ON
      queue = queue | knows[trustee];
#endif
      heed(trustee)
  }
}

/* R5: nothing counts at a peer sooner than a week after the first contest. */
inline reachPeer(peer) {
  atomic {
    pending[peer] == CONTESTED && UNDECIDED(peer) && !(heard[peer] & which) ->
      peerWait[peer] = (heard[peer] == 0 -> PEER_WEEK : peerWait[peer]);
      heard[peer] = heard[peer] | which
  }
}

/* Contests to whom it likes, as far as the relays let it. What arrives late is the same here as what is sent late. */
proctype OldDevice(byte which) {
  byte i;
  do
  :: !(queue & which) -> queue = queue | which
  :: reach(0)
#if HONEST > 1
  :: reach(1)
#endif
#if HONEST > 2
  :: reach(2)
#endif
#if HONEST > 3
  :: reach(3)
#endif
  :: reachPeer(0)
#if PEERS > 1
  :: reachPeer(1)
#endif
#ifdef WITHOUT_R5_ONCE
  /* One more contest by the same device, which counts like the first. */
  :: atomic {
      queue != 0 ->
        for (i : 0 .. HONEST - 1) {
          if
          :: open[i] == CONTESTED && level[i] != 0 -> phase[i] = contested; wait[i] = 0
          :: else
          fi
        }
        i = 0;
        approvals[AT(CONTESTED, 1)] = 0
    }
#endif
  :: break
  od
}

/* What a peer heard, the person's new device hears from the peer, and tells the trustees. */
proctype NewDevice() {
  do
  :: atomic { pending[0] == ANA && (heard[0] & ~queue) != 0 -> queue = queue | heard[0] }
#if PEERS > 1
  :: atomic { pending[1] == ANA && (heard[1] & ~queue) != 0 -> queue = queue | heard[1] }
#endif
  od
}

/* ---- Peers ----------------------------------------------------------------------------------------------------------- */

/* R3: the delay begins anew at each peer, from its first sight; what is left of the week after a contest stays. */
inline take(me, request, l) {
  pending[me] = request;
  pendingLevel[me] = l;
  peerWait[me] = (peerWait[me] > PEER_DELAY -> peerWait[me] : PEER_DELAY)
}

/* rivalsAreContested: a rival of what is pending contests it, and what the second key signed answers what the first did. */
inline see(me, request, l) {
  if
  :: pending[me] == NOBODY || pending[me] == request -> take(me, request, l)
  :: else ->
    heard[me] = (heard[me] == 0 -> 1 : heard[me]);
    if
    :: l != 0 && pendingLevel[me] == 0 -> take(me, request, l)
    :: l != 0 && pendingLevel[me] != 0 -> frozen[me] = true
    :: else
    fi
  fi
}

#define NEWS(me, request, l) (SIGNATURE(request, l) && UNDECIDED(me) && final[me] != request && \
  (pending[me] == NOBODY || (pending[me] == request && pendingLevel[me] < l) || \
  (pending[me] != request && (heard[me] == 0 || (l != 0 && !frozen[me])))))

#ifdef WITHOUT_R5_ESCALATION
#define ANSWERED(me) (heard[me] == 0)
#else
#define ANSWERED(me) COVERS(pendingLevel[me], heard[me])
#endif

proctype Peer(byte me) {
  do
  :: atomic { NEWS(me, ANA, 0) -> see(me, ANA, 0) }
  :: atomic { NEWS(me, ANA, 1) -> see(me, ANA, 1) }
#if LEVELS > 2
  :: atomic { NEWS(me, ANA, 2) -> see(me, ANA, 2) }
  :: atomic { NEWS(me, ANA, 3) -> see(me, ANA, 3) }
#endif
#if REQUESTS > 1
  :: atomic { NEWS(me, EVE, 0) -> see(me, EVE, 0) }
  :: atomic { NEWS(me, EVE, 1) -> see(me, EVE, 1) }
#if LEVELS > 2
  :: atomic { NEWS(me, EVE, 2) -> see(me, EVE, 2) }
  :: atomic { NEWS(me, EVE, 3) -> see(me, EVE, 3) }
#endif
#endif
  :: atomic {
      pending[me] != NOBODY && peerWait[me] == 0 && !frozen[me] && UNDECIDED(me) && ANSWERED(me) ->
        checkFinal(me);
        final[me] = pending[me]; pending[me] = NOBODY; pendingLevel[me] = 0; peerWait[me] = 0
    }
  od
}

/* ---- Time ------------------------------------------------------------------------------------------------------------ */

proctype Clock() {
  byte i;
  do
  :: atomic {
      (TRUSTEE_WAITS || PEER_WAITS || GHOST_WAITS) && OWNER_CHECKED_IN ->
        for (i : 0 .. HONEST - 1) { wait[i] = (wait[i] > 0 -> wait[i] - 1 : 0) }
        for (i : 0 .. PEERS - 1) { peerWait[i] = (peerWait[i] > 0 -> peerWait[i] - 1 : 0) }
        tickGhosts(i);
        i = 0
    }
  od
}

init {
  byte i;
  atomic {
#ifdef MAY_BE_SILENT
    if
    :: operatorSilent = false
    :: operatorSilent = true
    fi;
#endif
    for (i : 0 .. HONEST - 1) { run Trustee(i) }
    for (i : 0 .. PEERS - 1) { run Peer(i) }
    i = 0;
    run Clock();
#ifdef LIVENESS
    run MaliciousTrustees();
#else
    helping = MALICIOUS;
#endif
#ifndef WITHOUT_PEERS_NEWS
    run NewDevice();
#endif
#ifndef NO_CONTEST
    run OldDevice(1);
#if CONTESTERS > 1
    run OldDevice(2);
#endif
#endif
  }
}

/* What a run must be able to reach, or its good verdict would mean little: `-DREACH=` one of these. */
#define calmRecovery (final[0] == ANA && queue == 0)
#define contestedRecovery (final[0] == ANA && heard[0] != 0)
#define recoveryPastSilence (final[0] == ANA && operatorSilent)
#define contestedPeer (pending[0] == ANA && heard[0] != 0 && pendingLevel[0] == 0)
#define contestAfterSigning (phase[0] == contested && (shares[AT(ANA, 0)] & BIT(0)))
#define impostorConfirmed (final[0] == EVE && heard[0] != 0)
#define rivalsFrozen (frozen[0])
#ifdef REACH
bool reached;
active proctype Witness() { atomic { REACH -> reached = true; assert(!reached) } }
#endif

#ifdef LIVENESS
ltl recovers { <> RECOVERED }
#endif
