/* One bid, three key holders, two shares needed: when is the bid settled, and who is blamed?
 *
 * Every holder answers once, in any order.  At most one of these is dishonest: a holder, who may
 * give garbage or say that its wrap does not open, or the bidder, who may have dealt one damaged
 * wrap or one share that does not fit the others.  Two good shares are always on their way.
 */

mtype = { GOOD, GARBAGE, FAULT, UNFIT, AWAY };
mtype = { HONEST, HOLDER, BIDDER };
mtype = { WAITING, OPENS, BLAMES_BIDDER, BLAMES_ORGANISER };

mtype liar = HONEST;
byte which;                        /* the holder that lies, or whose wrap or share is bad */
mtype sent[3] = AWAY;              /* what each holder's answer holds */
mtype given[3] = AWAY;             /* answers that are in */
mtype outcome = WAITING;

#define IN(i) (given[i] != AWAY)
#define ANSWERS (IN(0) + IN(1) + IN(2))
#define OF(kind) ((given[0] == kind) + (given[1] == kind) + (given[2] == kind))
#define P (OF(GOOD) + OF(UNFIT) + OF(GARBAGE))     /* texts that are not empty */
#define COMMITTED (OF(GOOD) + OF(UNFIT))           /* those that fit their commitment */

active proctype World() {
	if
	:: true
	:: liar = HOLDER; if :: which = 0 :: which = 1 :: which = 2 fi
	:: liar = BIDDER; if :: which = 0 :: which = 1 :: which = 2 fi
	fi;
	d_step { sent[0] = GOOD; sent[1] = GOOD; sent[2] = GOOD };
	if
	:: liar == HONEST
	:: liar == HOLDER -> sent[which] = GARBAGE
	:: liar != HONEST -> sent[which] = FAULT
	:: liar == BIDDER -> sent[which] = UNFIT
	fi;
end:	do
	:: !IN(0) -> given[0] = sent[0]
	:: !IN(1) -> given[1] = sent[1]
	:: !IN(2) -> given[2] = sent[2]
	od
}

/* opening.unseal_due, rules.settle, sealing.recover */
#ifdef FAULT_GARBAGE_COUNTS
#define ALL_TEXTS P >= 2           /* whatever is in them: the bidder is said to have dealt it */
#else
#define ALL_TEXTS ANSWERS == 3
#endif
#ifdef FAULT_FIRST_K_DECIDE
#define ALL_FITTING COMMITTED >= 2
#else
#define ALL_FITTING ANSWERS == 3
#endif

active proctype Scheduler() {
	if
	:: OF(GOOD) >= 2 -> outcome = OPENS
	:: OF(GOOD) < 2 && COMMITTED >= 2 && ALL_FITTING -> outcome = BLAMES_BIDDER  /* shares_inconsistent */
	:: OF(GOOD) < 2 && COMMITTED < 2 && P >= 2 && ALL_TEXTS -> outcome = BLAMES_BIDDER
	:: OF(GOOD) < 2 && COMMITTED < 2 && P < 2 && ANSWERS == 3 -> outcome = BLAMES_ORGANISER  /* shares_short */
	fi;
	assert(outcome == OPENS)
}
