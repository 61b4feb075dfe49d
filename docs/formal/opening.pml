/* Close, extension and opening on an honest platform: two schedulers, crashes, a clock that
 * runs on between any two steps.  README.md says what each part stands for.
 *
 * A use case takes the lot's lock and reads the clock, then decides and commits in one step
 * (transaction() in trading/base/database.py: all writes or none).  A crash before the commit
 * frees the lock and writes nothing.
 *
 * Only the Judge must come to an end.  No run goes round for ever (check.py asks that too), so
 * "no invalid end state" means: whatever happens, the lot is opened in the end.
 */

#ifndef CRASHES
#define CRASHES 1
#endif
#define FIRST 1   /* deadline of the session document; its opening time is the same */
#define WINDOW 1
#ifndef END
#define END 2     /* from here on the clock runs only to the end of the window */
#endif
#define NEVER 9

/* Digests: the first bid of A, the one that replaces it, the bid of B. */
#define A1 1
#define A2 2
#define B1 4
#define has(set, b) ((set) & (b))
#define add(set, b) set = set | (b)

mtype = { BIDDING, CLOSED, OPENED };

byte now;
byte crashes = CRASHES;
byte lock;                /* who has the lot's row; 0 for nobody */

/* What is committed: the lot, its sealing session, the opening. */
mtype stage = BIDDING;
byte deadline = FIRST;    /* of the lot: moved by a clarification */
byte opens = FIRST;       /* of the session: moved by a signed amendment */
byte filed, gone;         /* bids in the log; those replaced or withdrawn */
bool closed, ended;       /* session.close and window.closed are in the log */
bool unlisted;            /* a session.amended stands behind the close, which does not name it */
byte live, halves, settled, opened;
byte window_ends;
bool cosigned, witnessed; /* the checkpoint that holders are shown; not before the opening time */
byte released;            /* holders whose shares are in */

/* What people were told. */
byte receipts;
byte sent_away = NEVER;   /* the earliest moment at which somebody was refused as late */

#define take atomic { lock == 0 -> lock = _pid + 1; t = now }
#define die  atomic { crashes > 0 -> crashes--; lock = 0; t = 0; may = false }

active proctype Clock() { end: do :: (now < END || now < window_ends) && stage != OPENED -> now++ od }

/* --- filing.file_bid, sealed.withdraw -------------------------------------------------------- */

#define IN_TIME (stage == BIDDING && t < deadline)
#define AWAY(at) if :: at < sent_away -> sent_away = at :: else fi

inline file(b, old) {
	do
	:: stage == BIDDING ->
#ifdef FAULT_FILE_CHECKS_BEFORE_LOCK
		d_step { t = now; may = IN_TIME };
		atomic { lock == 0 -> lock = _pid + 1 };
#else
		take;
		may = IN_TIME;
#endif
#ifdef FAULT_RECEIPT_BEFORE_COMMIT
		if :: may -> add(receipts, b) :: else fi;
#endif
		if
		:: die  /* the bidder sends it again, or does not */
		:: d_step {
			if
			:: may ->
				assert(!closed && t < deadline);
				add(filed, b); add(gone, old); add(receipts, b)
			:: else -> AWAY(t)
			fi;
			t = 0; may = false; lock = 0
		   };
		   break
		fi
	:: break
	od
}

/* One process for both: the lock lets no two filings meet, so that only their order counts. */
active proctype Bidders() {
	byte t; bool may;
	file(A1, 0);
	file(B1, 0);
end:	if
	:: stage == BIDDING -> file(A2, has(filed, A1))
	:: stage == BIDDING && has(filed, B1) -> take;
		d_step { if :: IN_TIME -> add(gone, B1) :: else fi; t = 0; lock = 0 }
	fi
}

/* --- announcements.clarify: the lot's deadline moves; the session follows by a job -------------- */

active proctype Clerk() {
	byte t;
end:	do
	:: stage == BIDDING && deadline == FIRST ->
#ifdef FAULT_EXTENSION_BY_AN_OLD_CLOCK
		t = now;
		atomic { lock == 0 -> lock = _pid + 1 };
#else
		take;
#endif
		d_step { if :: IN_TIME -> deadline++ :: else fi; t = 0; lock = 0 };
		break  /* moved or refused */
	od
}

/* --- jobs ----------------------------------------------------------------------------------- */

inline amend() { opens = deadline; unlisted = closed }

/* The set is fixed, and what was promised about it must hold here. */
inline fix() {
	assert(!closed);
	live = filed & ~gone;
	closed = true;
	window_ends = t + WINDOW;
	assert((receipts & ~gone & ~live) == 0);
	AWAY(t);  /* whoever comes now */
	assert(opens == deadline && sent_away >= deadline);
	filed = 0; gone = 0; receipts = 0; sent_away = NEVER
}

#ifdef FAULT_TWO_DEADLINES
#define LIMIT opens
#else
#define LIMIT deadline
#endif

#ifdef FAULT_AMEND_AFTER_CLOSE
#define MAY_AMEND (opens < deadline || stage != BIDDING)
#else
#define MAY_AMEND (opens < deadline && stage == BIDDING)
#endif

inline close() {
#ifdef FAULT_CLOSE_WITHOUT_LOCK
	d_step { t = now; may = (stage == BIDDING && t >= LIMIT) };
	atomic { lock == 0 -> lock = _pid + 1 };
#else
	take;
	may = (stage == BIDDING && t >= LIMIT);
#endif
	if
	:: die
#ifdef FAULT_CLOSE_IN_TWO_TRANSACTIONS
	:: d_step { if :: may -> stage = CLOSED :: else fi };
		if
		:: die
		:: d_step { if :: may -> if :: opens < LIMIT -> amend() :: else fi; fix() :: else fi; t = 0; may = false; lock = 0 }
		fi
#else
	:: d_step {
		if
		:: may ->
#ifndef FAULT_IGNORE_EXTENSION
			if :: opens < LIMIT -> amend() :: else fi;
#endif
			fix(); stage = CLOSED
		:: else
		fi;
		t = 0; may = false; lock = 0
	   }
#endif
	fi
}

/* A job's transaction: locked, decided again, perhaps lost. */
#define JOB(condition, change) take; if :: die :: d_step { if :: condition -> change :: else fi; t = 0; lock = 0 } fi

#ifdef FAULT_SETTLE_WITHOUT_CLAIM
#define MAY_SETTLE(b) (stage == CLOSED)
#else
#define MAY_SETTLE(b) (stage == CLOSED && !has(settled, b))
#endif
#define ENOUGH (released == 3)  /* k = 2; the third holder of n = 3 is away throughout */
/* One bid at a time, each in its own transaction; a second result of one bid is an error. */
#define SETTLE(b) stage == CLOSED && ENOUGH && has(live, b) && !has(settled, b) -> \
	JOB(MAY_SETTLE(b), assert(!has(settled, b)); add(settled, b); add(opened, has(halves, b)))

proctype Scheduler() {
	byte t; bool may;
end:	do
	:: stage == BIDDING && opens < deadline -> JOB(MAY_AMEND, amend())
	:: stage == BIDDING && now >= LIMIT -> close()
	:: stage == CLOSED && closed && !ended && (now >= window_ends || halves == live) ->
		JOB(stage == CLOSED && !ended && (t >= window_ends || halves == live), ended = true)
	:: d_step { ended && !cosigned -> cosigned = true; witnessed = (now >= opens) }
	:: SETTLE(A1)
	:: SETTLE(A2)
	:: SETTLE(B1)
	:: stage == CLOSED && ended && settled == live -> JOB(stage == CLOSED && settled == live, stage = OPENED)
	od
}

/* --- halves: those that come, come in the window ------------------------------------------------- */

active proctype Halves() {
end:	atomic {
		closed && !ended && lock == 0 && now < window_ends;
		if
		:: halves = live
		:: halves = live & (A1 | A2)
		fi
	}
}

/* --- a key holder: trustee.release, agent._release -------------------------------------------------- */

#define WAIT (halves == live -> 0 : WINDOW)

proctype Holder(byte me) {
end:	do
	:: d_step { lock == 0 && cosigned && !has(released, me) && stage == CLOSED &&
		witnessed && !unlisted && now >= opens + WAIT ->
		assert(now >= deadline);
		add(released, me) }
	od
}

init { atomic { run Scheduler(); run Scheduler(); run Holder(1); run Holder(2) } }

active proctype Judge() {
	stage == OPENED;
	assert(closed && settled == live && opened == (live & halves));
#ifdef SANITY
	/* Must fail: a bid that replaced another is opened after an extension. */
	assert(opened != A2 || opens == FIRST)
#endif
}
