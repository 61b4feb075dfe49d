/* Two openings at about the same time, one witness, one key holder whose share is still needed.
 *
 * Each opening is shown under a checkpoint.  The witness keeps the newest checkpoint that it
 * signed and signs none that is older; one of its answers may be an error.  The holder keeps the
 * newest checkpoint that it was shown and refuses one that does not add to it.
 *
 * Only the holder must come to an end: "no invalid end state" means that both are released.
 */

#ifndef ERRORS
#define ERRORS 1
#endif

byte made;                    /* checkpoints 1 to 3; opening s may be shown from checkpoint s on */
bool cosigned[4];
byte witness;                 /* the newest that it signed */
byte skipped;                 /* passed over in this round */
byte errors = ERRORS;
byte seen;                    /* by the holder */
bool released[3];

active proctype Log() { end: do :: made < 3 -> made++ od }

/* witnessing.cosign_due: oldest first */
#ifdef FAULT_PASSES_OVER
#define PASS_OVER(c) skipped = c   /* an answer that is no success goes on to the next checkpoint */
#else
#define PASS_OVER(c) skip          /* the round stops and begins again with this one */
#endif
#define WAITS(c) (c <= made && !cosigned[c] && witness <= c)
#define TURN(c) (WAITS(c) && (c < 2 || !WAITS(1) || skipped == 1) && (c < 3 || !WAITS(2) || skipped == 2))
#define ASK(c) d_step { TURN(c) -> witness = c; cosigned[c] = true }
#define FAIL(c) d_step { TURN(c) && errors > 0 -> errors--; PASS_OVER(c) }

active proctype Cosigner() {
end:	do
	:: ASK(1)
	:: ASK(2)
	:: ASK(3)
	:: FAIL(1)
	:: FAIL(2)
	:: FAIL(3)
	:: skipped -> skipped = 0  /* the next round */
	od
}

/* The checkpoint that the bundle of opening s carries. */
#ifdef FAULT_ONE_CHECKPOINT
#define CARRIES(s, c) (c == s)  /* the one of its own window's end, for ever */
#else
#define CARRIES(s, c) (c >= s)  /* any later one that is cosigned */
#endif
#ifdef FAULT_WANTS_GROWTH
#define ADDS(c) (c > seen)
#else
#define ADDS(c) (c >= seen)
#endif

#define ANSWER(s, c) d_step { !released[s] && CARRIES(s, c) && cosigned[c] && ADDS(c) -> released[s] = true; seen = c }

active proctype Holder() {
#ifdef ONE_OPENING
	released[2] = true;
#endif
	do
	:: ANSWER(1, 1)
	:: ANSWER(1, 2)
	:: ANSWER(1, 3)
	:: ANSWER(2, 2)
	:: ANSWER(2, 3)
	:: released[1] && released[2] -> break
	od
}
