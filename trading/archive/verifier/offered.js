// What the page offers to a program that drives it, as `window.mingtang`: the verifier, and the functions
// behind it, so that they are held to the same vectors as the other implementations.

import * as bytes from './bytes.js'
import * as canonical from './canonical.js'
import * as certificates from './certificates.js'
import * as documents from './documents.js'
import * as draw from './draw.js'
import * as notes from './notes.js'
import * as opening from './opening.js'
import * as room from './room.js'
import { Sm3 } from './sm3.js'
import * as shares from './shares.js'
import * as stamps from './stamps.js'
import * as suites from './suites.js'
import * as trees from './trees.js'
import { verify } from './verify.js'

export const offered = { verify, bytes, canonical, certificates, documents, draw, notes, opening, room, Sm3, shares, stamps, suites, trees }
