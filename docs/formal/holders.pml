/* A dishonest platform against three key holders of whom two are needed.
 *
 * The platform holds the centre's and the log's key, writes what it likes into the log, shows
 * each holder what it likes and tells of an extension whom it likes.  It cannot take back what a
 * witness has signed (trading/evidence/witness.py).  With DISHONEST, the last holder gives it
 * everything at once.  Either the clock of the first holder is wrong, or the witness's, or none.
 *
 * X is an honest bid.  Y is the bid of a friend of the platform, filed whenever it likes.
 */

#ifdef DISHONEST
#define HONEST 2
#else
#define HONEST 3
#endif
#define K 2
#define FIRST 1   /* opening time of the session document */
#define LATER 2   /* and after the extension */
#define END 3

byte now;
mtype = { NONE, HOLDER, WITNESS };
mtype wrong;               /* whose clock shows END */
bool extended;             /* an amendment is signed and bidders count on it */

/* The log: up to two closes of the session; which bid each counts, whether it names the amendment. */
byte closes;
bool counts_y[2], names[2];
byte witnessed[2];            /* the newest time of the witness over a log that has it, plus 1 */

bool told[3];              /* holders who were shown the amendment */
byte answered[3];          /* the close that each released for, plus 1, as it remembers */
bool gave_x[3], gave_y[3];
bool y_filed, y_late;      /* filed when X could be read */

#ifdef DISHONEST
#define SHARES(of) (of[0] + of[1] + 1)
#else
#define SHARES(of) (of[0] + of[1] + of[2])
#endif
#define CAN_READ(of) (SHARES(of) >= K)
#define OPENS(c) (names[c] -> LATER : FIRST)
#define CLOCK(h) (h == 0 && wrong == HOLDER -> END : now)
#define WITNESS_TIME (wrong == WITNESS -> END : now) + 1
#define AGREE(a, b) (answered[a] == 0 || answered[b] == 0 || counts_y[answered[a] - 1] == counts_y[answered[b] - 1])

active proctype Time() {
	if :: wrong = NONE :: wrong = HOLDER :: wrong = WITNESS fi;
end:	do :: now < END -> now++ od
}

/* trustee.release for honest holder h, shown close c */
#ifdef FAULT_FORGETS_EXTENSION
#define NOT_HIDDEN(h, c) true
#else
#define NOT_HIDDEN(h, c) (!told[h] || names[c])
#endif
#ifdef FAULT_IGNORES_OWN_CLOCK
#define IS_TIME(h, c) true
#else
#define IS_TIME(h, c) CLOCK(h) >= OPENS(c)
#endif
#ifdef FAULT_IGNORES_WITNESSES
#define IS_WITNESSED(c) witnessed[c] > 0
#else
#define IS_WITNESSED(c) witnessed[c] > OPENS(c)
#endif
#ifdef FAULT_FORGETS_CLOSE
#define IS_SAME(h, c) true
#else
#define IS_SAME(h, c) (answered[h] == 0 || answered[h] == c + 1)
#endif
#if defined(FAULT_ANY_CLOSE) || defined(FAULT_FORKED_LOG)
#define IS_ONLY(c) true  /* in a log of its own, every close is the only one */
#else
#define IS_ONLY(c) c == 0  /* no other close of the session stands before it in the log */
#endif

#define SHOW(h, c) \
	d_step { h < HONEST && c < closes && NOT_HIDDEN(h, c) && IS_TIME(h, c) && IS_WITNESSED(c) && IS_SAME(h, c) && IS_ONLY(c) -> \
		assert(now >= (told[h] -> LATER : FIRST)); \
		answered[h] = c + 1; gave_x[h] = true; gave_y[h] = gave_y[h] || counts_y[c]; \
		judge() }

inline judge() {
#ifdef SANITY
	/* Must fail: the bids can be read in the end. */
	assert(!CAN_READ(gave_x))
#else
	/* An extension that was shown to as many as could stop the opening does stop it. */
	assert(now >= LATER || !CAN_READ(gave_x) || told[0] + told[1] + told[2] <= 3 - K);
	/* Nobody bids after the others could be read. */
	assert(!y_late || !CAN_READ(gave_y));
#ifndef ONLY_LATE
	/* Whoever answers, answers for the same set: what opens is fixed before anything is read. */
	assert(AGREE(0, 1) && AGREE(0, 2) && AGREE(1, 2))
#endif
#endif
}

#define TELL(h) d_step { extended && h < HONEST && !told[h] && !gave_x[h] -> told[h] = true }
#define CLOSE(y, n) d_step { closes < 2 && (!y || y_filed) && (!n || extended) -> counts_y[closes] = y; names[closes] = n; closes++ }

active proctype Platform() {
end:	do
	:: d_step { !extended && now < FIRST -> extended = true }
	:: TELL(0)
	:: TELL(1)
	:: TELL(2)
	:: d_step { !y_filed -> y_filed = true; y_late = CAN_READ(gave_x) }
	:: CLOSE(0, 0)
	:: CLOSE(0, 1)
	:: CLOSE(1, 0)
	:: CLOSE(1, 1)
	:: d_step { closes > 0 && wrong && witnessed[closes - 1] != WITNESS_TIME -> witnessed[0] = WITNESS_TIME; if :: closes == 2 -> witnessed[1] = WITNESS_TIME :: else fi }
	:: SHOW(0, 0)
	:: SHOW(0, 1)
	:: SHOW(1, 0)
	:: SHOW(1, 1)
	:: SHOW(2, 0)
	:: SHOW(2, 1)
	od
}
