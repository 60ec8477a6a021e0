/* The numbers of a run of recovery.pml, all to be set on the command line (`spin -DTRUSTEES=4`), and what follows from them. */

#ifndef TRUSTEES
#define TRUSTEES 3
#endif
#ifndef THRESHOLD
#define THRESHOLD 2
#endif
#ifndef MALICIOUS
#define MALICIOUS 1
#endif
#ifndef PEERS
#define PEERS 1
#endif
/* Devices of the old side that may contest: 1 or 2. */
#ifndef CONTESTERS
#define CONTESTERS 1
#endif
/* In ticks: the delay (R4), the week after a contest (R5), and how long what cannot be read is waited for. */
#ifndef DELAY
#define DELAY 1
#endif
#define WEEK 2
#define PATIENCE 1

#if THRESHOLD >= TRUSTEES
#error "t = n is refused"
#endif
/* t' = min(n, max(t + 1, ceil((n + 1) / 2))), where t < n makes the minimum idle. */
#if (TRUSTEES + 2) / 2 > THRESHOLD + 1
#define SECOND_THRESHOLD ((TRUSTEES + 2) / 2)
#else
#define SECOND_THRESHOLD (THRESHOLD + 1)
#endif
#define HONEST (TRUSTEES - MALICIOUS)

/* Requests: ANA is of the person herself, EVE of an impostor whom honest trustees may believe. */
#define ANA 0
#define EVE 1
#define NOBODY 2

/* Whose hands the old device is in decides which request it contests. */
#if defined(OWNER_HAS_OLD_DEVICE)
#define CONTESTED EVE
#define ANA_ASKS false
#define EVE_ASKS true
#define REQUESTS 2
#elif defined(FOOLED)
#define CONTESTED ANA
#define ANA_ASKS true
#define EVE_ASKS true
#define REQUESTS 2
#else
#define CONTESTED ANA
#define ANA_ASKS true
#define EVE_ASKS false
#define REQUESTS 1
#endif

/* A level is a set of contests, as bits. COUNTED is the rule's view of a set: of several contests R5 counts one. */
#if CONTESTERS == 1
#define LEVELS 2
#else
#define LEVELS 4
#endif
#if defined(WITHOUT_R5)
#define COUNTED(contests) 0
#elif defined(EVERY_DEVICE_COUNTS)
#define COUNTED(contests) (contests)
#else
#define COUNTED(contests) ((contests) != 0 -> 1 : 0)
#endif
#ifdef WITHOUT_R5_SECOND_KEY
#define NEEDED(l) THRESHOLD
#else
#define NEEDED(l) ((l) == 0 -> THRESHOLD : SECOND_THRESHOLD)
#endif

/* R3: at the trustees, and once more at the peers. */
#ifdef WITHOUT_R3
#define WAIT(l) 0
#else
#define WAIT(l) ((l) == 0 -> DELAY : WEEK)
#endif
#if defined(WITHOUT_R3) || defined(WITHOUT_R3_AT_PEERS)
#define PEER_DELAY 0
#define PEER_WEEK 0
#else
#define PEER_DELAY DELAY
#define PEER_WEEK WEEK
#endif

/* Sets of trustees, and tables by request and level. */
#define BIT(i) (1 << (i))
#define COUNT(set) (((set) & 1) + (((set) >> 1) & 1) + (((set) >> 2) & 1) + (((set) >> 3) & 1))
#define AT(request, l) ((request) * LEVELS + (l))

/* Promela has no way to ask all of an array at once. */
#if HONEST == 1
#define KNOWN_TO_HONEST knows[0]
#define TRUSTEE_WAITS (wait[0] > 0)
#elif HONEST == 2
#define KNOWN_TO_HONEST (knows[0] | knows[1])
#define TRUSTEE_WAITS (wait[0] > 0 || wait[1] > 0)
#elif HONEST == 3
#define KNOWN_TO_HONEST (knows[0] | knows[1] | knows[2])
#define TRUSTEE_WAITS (wait[0] > 0 || wait[1] > 0 || wait[2] > 0)
#elif HONEST == 4
#define KNOWN_TO_HONEST (knows[0] | knows[1] | knows[2] | knows[3])
#define TRUSTEE_WAITS (wait[0] > 0 || wait[1] > 0 || wait[2] > 0 || wait[3] > 0)
#endif
#if PEERS == 1
#define PEER_WAITS (peerWait[0] > 0)
#define RECOVERED (final[0] == ANA)
#elif PEERS == 2
#define PEER_WAITS (peerWait[0] > 0 || peerWait[1] > 0)
#define RECOVERED (final[0] == ANA && final[1] == ANA)
#endif
