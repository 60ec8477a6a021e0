/*
 * The properties of recovery.pml, over ghosts: variables that record what happened, whatever the rules made of it, and that
 * no rule reads. The liveness runs leave them out, since they multiply the states.
 */

#ifdef LIVENESS

#define noteApproval(me, request) skip
#define noteClosed(me) skip
#define checkShare(me) skip
#define checkFinal(me) skip
#define tickGhosts(i) skip
#define GHOST_WAITS false
#define OWNER_CHECKED_IN true

#else

byte screen[HONEST];           /* contests on the screen when the trustee approved what it has open */
byte approvedEver[REQUESTS];   /* honest trustees who approved the request */
byte confirmedEver[REQUESTS];  /* ... with a contest on the screen */
byte sinceApproved[REQUESTS];  /* ticks since the t-th approval was given */
byte sinceConfirmed[REQUESTS]; /* ticks since the t'-th one with a contest on the screen */

/* Set when a property is broken, for its name in the checker's report. ONLY looks at one. */
bool sharedBeforeDelay;
bool sharedBeforeWeek;
bool sharedAgainstContest;
bool finalAgainstContest;
bool finalWithTooFewApprovals;
bool twoFinal;
bool ownerOverruled;
#define P_sharedBeforeDelay 1
#define P_sharedBeforeWeek 2
#define P_sharedAgainstContest 3
#define P_finalAgainstContest 4
#define P_finalWithTooFewApprovals 5
#define P_twoFinal 6
#define P_ownerOverruled 7
#ifndef ONLY
#define ONLY 0
#endif
#define FORBID(what, condition) what = ((condition) && (ONLY == 0 || ONLY == P_##what)); assert(!what)

#define APPROVED(request) (COUNT(approvedEver[request]) + MALICIOUS >= THRESHOLD)
#define CONFIRMED(request) (COUNT(confirmedEver[request]) + MALICIOUS >= SECOND_THRESHOLD)
#define RUNS_APPROVED(request) (APPROVED(request) && sinceApproved[request] < DELAY)
#define RUNS_CONFIRMED(request) (CONFIRMED(request) && sinceConfirmed[request] < WEEK)
#if REQUESTS == 1
#define GHOST_WAITS (RUNS_APPROVED(ANA) || RUNS_CONFIRMED(ANA))
#else
#define GHOST_WAITS (RUNS_APPROVED(ANA) || RUNS_CONFIRMED(ANA) || RUNS_APPROVED(EVE) || RUNS_CONFIRMED(EVE))
#endif

/* Contests that reached the honest operator or an honest trustee. */
#define REACHED (queue | KNOWN_TO_HONEST)

inline noteApproval(me, request) {
  screen[me] = (request == CONTESTED -> knows[me] : level[me]);
  approvedEver[request] = approvedEver[request] | BIT(me);
  if
  :: screen[me] != 0 -> confirmedEver[request] = confirmedEver[request] | BIT(me)
  :: else
  fi
}

inline noteClosed(me) {
  screen[me] = 0
}

/* No release before the delay. No share but from approvals given after every contest that reached an honest trustee. */
inline checkShare(me) {
#ifdef ONLY_CONTESTS_THAT_COUNT
  FORBID(sharedAgainstContest, open[me] == CONTESTED && REACHED != 0 && screen[me] == 0);
#else
  FORBID(sharedAgainstContest, open[me] == CONTESTED && (REACHED & ~screen[me]) != 0);
#endif
  FORBID(sharedBeforeDelay, sinceApproved[open[me]] < DELAY);
  FORBID(sharedBeforeWeek, screen[me] != 0 && sinceConfirmed[open[me]] < WEEK)
}

/* Two successions are never both final at one peer; nothing is final by the first key that the peer heard contested. */
inline checkFinal(me) {
  FORBID(twoFinal, final[me] != NOBODY);
  FORBID(finalAgainstContest, heard[me] != 0 && pendingLevel[me] == 0);
  FORBID(finalWithTooFewApprovals,
    (pendingLevel[me] == 0 && !APPROVED(pending[me])) || (pendingLevel[me] != 0 && !CONFIRMED(pending[me])));
#if defined(OWNER_CHECKS_QUEUE) || defined(OWNER_CHECKS_INBOX)
  FORBID(ownerOverruled, pending[me] == EVE && pendingLevel[me] == 0);
#endif
#ifdef EVEN_AFTER_SHARES
  FORBID(finalAgainstContest, pending[me] == CONTESTED && pendingLevel[me] == 0 && REACHED != 0);
#endif
}

inline tickGhosts(i) {
  for (i : 0 .. REQUESTS - 1) {
    sinceApproved[i] = (RUNS_APPROVED(i) -> sinceApproved[i] + 1 : sinceApproved[i]);
    sinceConfirmed[i] = (RUNS_CONFIRMED(i) -> sinceConfirmed[i] + 1 : sinceConfirmed[i])
  }
}

/*
 * R4: the owner's device checks in more often than the delay is long, and what it then does, time does not outrun. It reads
 * the plan queue while the trustees wait, or its old inbox while the peer waits.
 */
#if defined(OWNER_CHECKS_QUEUE)
#define OWNER_CHECKED_IN !(queue == 0 && RUNS_APPROVED(EVE) && sinceApproved[EVE] == DELAY - 1)
#elif defined(OWNER_CHECKS_INBOX)
#define OWNER_CHECKED_IN !(pending[0] == EVE && pendingLevel[0] == 0 && peerWait[0] == 1 && heard[0] == 0)
#else
#define OWNER_CHECKED_IN true
#endif

#endif
