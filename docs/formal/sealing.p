% Sealing and release against a Dolev-Yao attacker, as Horn clauses for a first-order prover.
%
% att(X): the attacker knows X.  A query says that the attacker never knows something; when the
% prover finds the clauses satisfiable, that holds for any number of sessions, bidders, bids and
% steps; when it finds them unsatisfiable, its proof is the attack.  README.md says what is left
% out.  n = 3, k = 2.  The switches are set by the C preprocessor (check.py).
%
% ses(Time, Lot, Nonce, Key1, Key2, Key3)   a session document; it stands for its own hash. Lot is
%     tender, lot and envelope; Time is deadline and open_not_before, which our sessions have equal
% ctx(Session, Lot, Time, Bidder, Nonce)   a context; it stands for its own hash, as it is public
% kc, ks   payload and blinding key: D of flags, KT and KB under the context
% p(I, Share, Blind)   what a trustee releases        wrap(Key, Info, P)   HPKE
% com(C, X)   the commitments sc, kt, kb              enc(Key, C, M)   Cobblestone

#ifndef POLICY
#define POLICY TB
#endif
#define TB 1
#define T_ONLY 2
#define B_ONLY 3

% --- the attacker's own powers ---------------------------------------------------------------

cnf(knows_none, axiom, att(none)).
cnf(knows_number, axiom, att(n0)).
cnf(split_share, axiom, ~att(p(I,X,R)) | att(X)).
cnf(split_blind, axiom, ~att(p(I,X,R)) | att(R)).
cnf(join, axiom, ~att(X) | ~att(R) | att(p(I,X,R))).
cnf(unwrap, axiom, ~att(wrap(pk(S),I,M)) | ~att(S) | att(M)).
cnf(wrap, axiom, ~att(K) | ~att(M) | att(wrap(K,I,M))).
cnf(public_key, axiom, ~att(S) | att(pk(S))).
cnf(pre_keys_are_public, axiom, att(pk(seed(H,J)))).
cnf(pre_key, axiom, ~att(root(H)) | att(seed(H,J))).
cnf(decrypt, axiom, ~att(enc(K,C,M)) | ~att(K) | att(M)).
cnf(encrypt, axiom, ~att(K) | ~att(M) | att(enc(K,C,M))).
cnf(read_manifest, axiom, ~att(man(L,B,M)) | att(M)).
cnf(write_manifest, axiom, ~att(M) | att(man(L,B,M))).
cnf(derive_payload_key, axiom, ~att(X) | ~att(Y) | att(kc(C,X,Y))).
cnf(derive_blinding_key, axiom, ~att(X) | ~att(Y) | att(ks(C,X,Y))).
cnf(derive_blind, axiom, ~att(X) | att(bl(X,I))).
cnf(commit, axiom, ~att(X) | att(com(C,X))).

% Shamir, k = 2: any two values of the line give the line, so also its other values; one gives
% nothing.  co(...) is the line's coefficient, X the value at 0.
cnf(combine12, axiom, ~att(share(X,R,one)) | ~att(share(X,R,two)) | att(X)).
cnf(combine13, axiom, ~att(share(X,R,one)) | ~att(share(X,R,three)) | att(X)).
cnf(combine23, axiom, ~att(share(X,R,two)) | ~att(share(X,R,three)) | att(X)).
cnf(slope, axiom, ~att(X) | ~att(share(X,R,I)) | att(R)).
cnf(deal, axiom, ~att(X) | ~att(R) | att(share(X,R,I))).

% --- what is bound to the context --------------------------------------------------------------

#ifdef FAULT_WRAP_UNBOUND
#define INFO(C,I) info(none,I)
#else
#define INFO(C,I) info(C,I)
#endif
#ifdef FAULT_COMMITMENT_UNBOUND
#define BOUND(C) none
#else
#define BOUND(C) C
#endif
#ifdef FAULT_KEY_UNBOUND
#define KEYED(C) none
#else
#define KEYED(C) C
#endif
#ifdef FAULT_MANIFEST_UNCHECKED
#define SAYS(B) B2
#else
#define SAYS(B) B
#endif

% --- an honest bidder, alice, seals for every session whose pre-keys the holders signed --------

#ifdef FAULT_PRE_KEYS_UNCHECKED
#define KEY1 P1
#define KEY2 P2
#define KEY3 P3
#define SEALS ~att(N) | ~att(KEY1) | ~att(KEY2) | ~att(KEY3)
#else
#define KEY1 pk(seed(h1,J1))
#define KEY2 pk(seed(h2,J2))
#define KEY3 pk(seed(h3,J3))
#define SEALS ~att(N)
#endif
#define SESSION ses(T,L,N,KEY1,KEY2,KEY3)
#define CTX ctx(SESSION,L,T,alice,nonce(SESSION))

#if POLICY == B_ONLY
#define KT none
#else
#define KT kt(SESSION)
#endif
#if POLICY == T_ONLY
#define KB none
#else
#define KB kb(SESSION)
#endif
#ifdef FAULT_KT_ALONE
#define HALF none
#else
#define HALF KB
#endif
#define SHARE(I) p(I, share(kt(SESSION),co(SESSION),I), bl(ks(KEYED(CTX),KT,KB),I))

#if POLICY != B_ONLY
cnf(wrap1, axiom, SEALS | att(wrap(KEY1, INFO(CTX,one), SHARE(one)))).
cnf(wrap2, axiom, SEALS | att(wrap(KEY2, INFO(CTX,two), SHARE(two)))).
cnf(wrap3, axiom, SEALS | att(wrap(KEY3, INFO(CTX,three), SHARE(three)))).
cnf(commit1, axiom, SEALS | att(com(BOUND(CTX), SHARE(one)))).
cnf(commit2, axiom, SEALS | att(com(BOUND(CTX), SHARE(two)))).
cnf(commit3, axiom, SEALS | att(com(BOUND(CTX), SHARE(three)))).
cnf(commit_kt, axiom, SEALS | att(com(CTX, kt(SESSION)))).
#endif
#if POLICY != T_ONLY
cnf(commit_kb, axiom, SEALS | att(com(CTX, kb(SESSION)))).
#endif
#ifdef DATABASE
cnf(payload, axiom, SEALS | att(enc(kc(KEYED(CTX),KT,HALF), KEYED(CTX), man(L,alice,price(SESSION))))).
#endif
#ifdef HALVES
cnf(half, axiom, SEALS | att(kb(SESSION))).
#endif

% --- key holders -------------------------------------------------------------------------------

% A dishonest one gives its root away.
#ifdef ROOT1
cnf(root1, axiom, att(root(h1))).
#endif
#ifdef ROOT2
cnf(root2, axiom, att(root(h2))).
#endif
#ifdef ROOT3
cnf(root3, axiom, att(root(h3))).
#endif

% The opening time that counts, after the amendments that the platform signed: past (openings
% that are over), today, future.  An amendment never moves it earlier.
cnf(as_in_document, axiom, is_due(ses(past,L,N,P1,P2,P3), past)).
cnf(as_in_document_too, axiom, is_due(ses(today,L,N,P1,P2,P3), today)).
cnf(moved_later, axiom, is_due(ses(past,L,N,P1,P2,P3), today)).
#ifdef FAULT_MOVED_EARLIER
cnf(moved_earlier, axiom, is_due(ses(T,L,N,P1,P2,P3), past)).
#endif
#ifdef FAULT_RELEASED_WITHOUT_CLOSE
cnf(whenever_asked, axiom, is_due(ses(T,L,N,P1,P2,P3), past)).
#endif

% An honest one answers for a header whose context names the session, its lot and its time, whose
% wrap opens under that context, and whose commitment holds.  The platform is the attacker: it
% signs sessions, amendments and the log as it likes, so the rest of a bundle is always there.
% What is released in openings of the past is known; what is released today is only released,
% so that a copy can be told from a bid made after the opening.
#define RELEASED(H, I, PK1, PK2, PK3) \
	~is_due(ses(T,L,N,PK1,PK2,PK3), past) | \
	~att(wrap(pk(seed(H,J)), INFO(ctx(ses(T,L,N,PK1,PK2,PK3),L,T,B,M),I), p(I,X,R))) | \
	~att(com(BOUND(ctx(ses(T,L,N,PK1,PK2,PK3),L,T,B,M)), p(I,X,R))) | \
	att(p(I,X,R))
#define RELEASED_TODAY(H, I, PK1, PK2, PK3) \
	~is_due(ses(T,L,N,PK1,PK2,PK3), today) | \
	~att(wrap(pk(seed(H,J)), INFO(ctx(ses(T,L,N,PK1,PK2,PK3),L,T,B,M),I), p(I,X,R))) | \
	~att(com(BOUND(ctx(ses(T,L,N,PK1,PK2,PK3),L,T,B,M)), p(I,X,R))) | \
	released(ctx(ses(T,L,N,PK1,PK2,PK3),L,T,B,M), p(I,X,R))
cnf(holder1, axiom, RELEASED(h1, one, pk(seed(h1,J)), P2, P3)).
cnf(holder2, axiom, RELEASED(h2, two, P1, pk(seed(h2,J)), P3)).
cnf(holder3, axiom, RELEASED(h3, three, P1, P2, pk(seed(h3,J)))).
cnf(holder1_today, axiom, RELEASED_TODAY(h1, one, pk(seed(h1,J)), P2, P3)).
cnf(holder2_today, axiom, RELEASED_TODAY(h2, two, P1, pk(seed(h2,J)), P3)).

% A rehearsal: at any time an honest one opens its share of a header whose bidder is the canary.
#ifdef FAULT_REHEARSES_ANY_BID
#define REHEARSED B
#else
#define REHEARSED canary
#endif
#define REHEARSES(H, I, PK1, PK2, PK3) \
	~att(wrap(pk(seed(H,J)), INFO(ctx(ses(T,L,N,PK1,PK2,PK3),L,T,REHEARSED,M),I), p(I,X,R))) | \
	~att(com(BOUND(ctx(ses(T,L,N,PK1,PK2,PK3),L,T,REHEARSED,M)), p(I,X,R))) | \
	att(p(I,X,R))
cnf(rehearsal1, axiom, REHEARSES(h1, one, pk(seed(h1,J)), P2, P3)).
cnf(rehearsal2, axiom, REHEARSES(h2, two, P1, pk(seed(h2,J)), P3)).
cnf(rehearsal3, axiom, REHEARSES(h3, three, P1, P2, pk(seed(h3,J)))).

% Disputes: seeds of pre-keys that served other sessions are given away, by all holders.
#ifdef DISPUTES
cnf(disclosed, axiom, att(seed(H,spent))).
#endif

% --- the opening of today, as everybody sees it --------------------------------------------------

% Two shares of one secret, a payload that decrypts under the key of this context and says in its
% manifest whose it is: then this bidder is read out with this price.
#if POLICY != B_ONLY
cnf(opens, axiom, ~released(ctx(Z,L,T,B,M), p(one,share(X,R,one),Q1)) | ~released(ctx(Z,L,T,B,M), p(two,share(X,R,two),Q2)) |
	~att(enc(kc(KEYED(ctx(Z,L,T,B,M)),X,Y), KEYED(ctx(Z,L,T,B,M)), man(L,SAYS(B),V))) | opened(Z,L,B,V)).
#endif

% --- the query ----------------------------------------------------------------------------------

#define SEALED(T,L) ses(T,L,N,P1,P2,P3)
#ifdef FAULT_PRE_KEY_USED_AGAIN
#define FRESH(T,L) ses(T,L,N,pk(seed(h1,spent)),pk(seed(h2,spent)),pk(seed(h3,j3)))
#else
#define FRESH(T,L) ses(T,L,N,pk(seed(h1,j1)),pk(seed(h2,j2)),pk(seed(h3,j3)))
#endif
cnf(query, negated_conjecture, QUERY).
