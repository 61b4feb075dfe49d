% Agreement on the set that is opened, for whatever the platform writes, shows and leaves out.
%
% The clauses say only what an honest key holder's answer implies (trustee.check_set,
% trustee.release); everything else is open, so that a query that is proved holds for every log,
% every bundle and any number of sessions.  Where the clauses can be satisfied together with the
% denied query, the agreement fails.  n = 3, k = 2.
%
% gave(H, Z, D)     holder H has given its share of bid D in session Z
% at(H, Z)          number of the closing entry for which H answered: one for each session
% set(H, Z)         the live set that H counted for it
% log(I)            entry number I of the log; with witnesses there is one log for all
% close(Z, Root)    an entry session.close        root(L)   hash of a set

#ifdef FAULT_NO_WITNESSES
#define LOG(H,I) log(H,I)
#else
#define LOG(H,I) log(I)
#endif

% Hashes are free of collisions.
cnf(root_is_a_hash, axiom, root(L1) != root(L2) | L1 = L2).
cnf(leaf_is_a_hash_1, axiom, close(Z1,R1) != close(Z2,R2) | Z1 = Z2).
cnf(leaf_is_a_hash_2, axiom, close(Z1,R1) != close(Z2,R2) | R1 = R2).

#ifdef FAULT_FORGETS_CLOSE
#define AT(H,Z,D) at(H,Z,D)
#define SET(H,Z,D) set(H,Z,D)
#else
#define AT(H,Z,D) at(H,Z)
#define SET(H,Z,D) set(H,Z)
#endif
#ifdef FAULT_ROOT_UNCHECKED
#define ROOT(H,Z,D) stated(H,Z,D)
#else
#define ROOT(H,Z,D) root(SET(H,Z,D))
#endif
cnf(close_is_logged, axiom, ~honest(H) | ~gave(H,Z,D) | LOG(H,AT(H,Z,D)) = close(Z,ROOT(H,Z,D))).
cnf(share_is_of_the_set, axiom, ~honest(H) | ~gave(H,Z,D) | in(D,SET(H,Z,D))).

#ifndef FAULT_ANY_CLOSE
% A holder looks for other closes of the session in the log and answers only if there is none.
cnf(only_close, axiom, ~honest(H) | ~gave(H,Z,D) | LOG(H,I) != close(Z,R) | I = AT(H,Z,D)).
#endif

% Three holders; which of them are honest is said with the query.
cnf(holders, axiom, ~gave(H,Z,D) | H = h1 | H = h2 | H = h3).
cnf(different_12, axiom, h1 != h2).
cnf(different_13, axiom, h1 != h3).
cnf(different_23, axiom, h2 != h3).
cnf(honest1, axiom, honest(h1)).
cnf(honest2, axiom, honest(h2)).
#ifndef DISHONEST
cnf(honest3, axiom, honest(h3)).
#endif

#if QUERY == 1
% Two honest holders who answered for the same closing entry counted the same set.
cnf(denied_1, negated_conjecture, gave(h1,z,d)).
cnf(denied_2, negated_conjecture, gave(h2,z,e)).
cnf(denied_3, negated_conjecture, AT(h1,z,d) = AT(h2,z,e)).
cnf(denied_4, negated_conjecture, SET(h1,z,d) != SET(h2,z,e)).
#elif QUERY == 2
% Two honest holders who answered for one session counted the same set.
cnf(denied_1, negated_conjecture, gave(h1,z,d)).
cnf(denied_2, negated_conjecture, gave(h2,z,e)).
cnf(denied_3, negated_conjecture, SET(h1,z,d) != SET(h2,z,e)).
#elif QUERY == 3
% Of two bids that are opened, by any two holders each, some honest holder counted both.
cnf(denied_1, negated_conjecture, gave(a,z,d)).
cnf(denied_2, negated_conjecture, gave(b,z,d)).
cnf(denied_3, negated_conjecture, a != b).
cnf(denied_4, negated_conjecture, gave(c,z,e)).
cnf(denied_5, negated_conjecture, gave(f,z,e)).
cnf(denied_6, negated_conjecture, c != f).
cnf(denied_7, negated_conjecture, ~honest(H) | ~in(d,SET(H,z,d)) | ~in(e,SET(H,z,e)) | ~gave(H,z,d) | SET(H,z,d) != SET(H,z,e)).
#elif QUERY == 4
% Sanity: two honest holders can answer at all.
cnf(denied_1, negated_conjecture, gave(h1,z,d)).
cnf(denied_2, negated_conjecture, gave(h2,z,d)).
#endif
