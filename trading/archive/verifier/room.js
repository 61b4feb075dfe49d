// A live sale gone through again, line by line (section 6): what a room stands at after each.

import { isInt } from './canonical.js'

const MINUTE = 60000
const SECOND = 1000
const CALLS = 3
const ASKED = ['waiting', 'offers', 'free', 'timed', 'calls', 'round', 'opening']
/** What stands at its own moment, however late it was looked for; all else comes after what stands before it. */
const BY_TIME = ['auction.phase', 'auction.ended', 'auction.resumed', 'auction.released', 'auction.resuming', 'auction.settled', 'auction.failed']
const LISTING = { phases: ['offers', 'question', 'timed'] }
const USUAL = { confirm: 5 * MINUTE, free: 60 * MINUTE, window: 5 * MINUTE, extends: false, fullStepFirst: true, multiples: false, needsOffer: false, fall: 0 }

/** The ways of bidding of section 6.3. */
export const MODES = Object.fromEntries(Object.entries({
  listing: { ...LISTING, needsOffer: true },
  'listing-4': { ...LISTING, confirm: 4 * MINUTE, window: 4 * MINUTE, needsOffer: true },
  'listing-open': { ...LISTING, fullStepFirst: false },
  'listing-only': { phases: ['offers'] },
  auction: { phases: ['free', 'timed'] },
  'auction-extend': { phases: ['free', 'timed'], free: 30 * MINUTE, window: 2 * MINUTE, extends: true, multiples: true },
  'on-site': { phases: ['calls'] },
  falling: { phases: ['falling'], fall: MINUTE },
  rounds: { phases: ['round'], window: 30 * MINUTE }
}).map(([name, mode]) => [name, { ...USUAL, ...mode }]))

/** Why a line does not follow from those before. */
export class Amiss extends Error {}

function require(holds, why) {
  if (!holds) throw new Amiss(why)
}

/** When a clock of that length ends that stands still in the breaks. */
function running(begins, length, breaks) {
  let ends = begins + length
  for (const [start, until] of [...breaks].sort((one, other) => one[0] - other[0])) {
    if (until > begins && Math.max(start, begins) < ends) ends += until - Math.max(start, begins)
  }
  return ends
}

/** The next whole minute or second. */
const whole = (at, unit) => Math.ceil(at / unit) * unit

/** What of a clock is left at a moment, without the breaks before its end. */
function leftOf(at, ends, breaks) {
  const still = breaks.reduce((sum, [start, until]) => sum + Math.max(0, Math.min(until, ends) - Math.max(start, at)), 0)
  return Math.max(0, ends - at - still)
}

export class Room {
  constructor(terms, withoutReserve = false) {
    Object.assign(this, {
      terms, mode: MODES[terms.mode], withoutReserve, phase: 'waiting', leader: '', lastPhase: '', price: null, endsAt: null, left: null, pausedAt: null,
      number: 0, calls: 0, housing: 0, fellFrom: 0, asOf: 0, offered: new Set(), joined: new Set(), agreed: [], over: false,
      // Sealed offers in rounds: which this is, the session of each, and what was told when each was open.
      round: 0, sessions: new Map(), told: []
    })
  }

  /** Takes one event of the log; gives what the room shows after it, null where that follows from no rule. */
  step(event) {
    const { type, at_ms: at } = event
    require(isInt(at), 'is of no moment')
    require(!this.over || ['auction.settled', 'auction.failed'].includes(type), 'comes after the end')
    if (type === 'auction.ended' && this.withoutReserve) {
      Object.assign(this, { phase: 'ended', over: true })
      return null
    }
    require(BY_TIME.includes(type) || at >= this.asOf, 'is dated before the line before it')
    this.asOf = Math.max(this.asOf, at)
    this.take(type, event, at)
    return this.withoutReserve ? null : this.shown()
  }

  take(type, event, at) {
    switch (type) {
      case 'auction.phase': case 'auction.ended': return this.pass(event, at)
      case 'auction.bid': return this.bid(event, at)
      case 'auction.joined': return this.join(event, at)
      case 'auction.called': return this.call(event, at)
      case 'auction.paused': case 'auction.held': return this.pause(at)
      case 'auction.resumed': case 'auction.released': return this.resume(at)
      case 'auction.tie_begun': return this.requireTie(event)
      case 'auction.tie_decided': return this.decideTie(event)
      case 'auction.round_begun': return this.beginRound(event)
      case 'auction.round_closed': return this.closeRound(event, at)
      case 'auction.resuming': return require(this.pausedAt !== null, 'is out of place')
      case 'auction.settled': case 'auction.failed': return require(this.over, 'is out of place')
      default: throw new Amiss('is of an unknown kind')
    }
  }

  shown() {
    return {
      ...(this.mode.phases.includes('round') ? { round: this.round } : {}),
      phase: this.phase, price_fen: this.price, leader: this.leader, number: this.number, ends_at: this.endsAt,
      least_fen: ASKED.includes(this.phase) ? this.least() : null, paused: this.pausedAt !== null, left_ms: this.left, calls: this.calls,
      joined: this.joined.size, agreed: this.agreed.length, housing: this.housing, fell_from: this.fellFrom
    }
  }

  running(begins, length) {
    return running(begins, length, this.terms.breaks)
  }

  // What time does.

  pass(event, at) {
    if (this.phase !== 'ended') {
      require(this.pausedAt === null && at === (this.phase === 'waiting' ? this.terms.opens_at : this.endsAt), 'comes while the phase before it lasts')
      this.follow(at)
    }
    const ended = this.phase === 'ended'
    require(event.phase === this.phase && event.ends_at === this.endsAt, 'begins another phase than follows, or with another end')
    require((event.type === 'auction.ended') === ended && (!ended || at === this.endsAt), 'is not the end of the bidding')
    this.over = ended
  }

  follow(at) {
    const { phases } = this.mode
    if (this.phase === 'waiting') return this.begin(phases[0], at)
    if (this.phase === 'round') return Object.assign(this, { phase: 'opening', endsAt: null })
    if (this.phase === 'agreeing') return this.afterCeiling(at)
    const later = phases.includes(this.phase) ? phases[phases.indexOf(this.phase) + 1] : undefined
    const alone = this.phase === 'question' && [...this.joined].every(paddle => paddle === this.leader)
    if (!later || alone || (this.phase === 'offers' && this.price === null)) this.phase = 'ended'
    else this.begin(later, at)
  }

  afterCeiling(at) {
    if (this.agreed.length === 1) this.phase = 'ended'
    else if (this.terms.after_ceiling === 'housing') this.begin('housing', at)
    else Object.assign(this, { phase: 'tied', leader: '', endsAt: null })
  }

  begin(phase, at) {
    const { confirm, free, window, fall } = this.mode
    const length = { question: confirm, free, timed: window, housing: window }[phase]
    const { start_fen: start, floor_fen: floor, step_fen: step, listing_ends_at: listing } = this.terms
    Object.assign(this, { phase, fellFrom: at })
    if (phase === 'offers') this.endsAt = listing
    else if (phase === 'falling') this.endsAt = at + (Math.ceil((start - floor) / step) + 1) * fall
    else if (phase === 'round') Object.assign(this, { round: this.round + 1, endsAt: whole(this.running(at, window), MINUTE) })
    else this.endsAt = length ? this.running(at, length) : null
  }

  pause(at) {
    require(this.pausedAt === null && this.phase !== 'ended' && (this.endsAt === null || at < this.endsAt), 'stops a clock that does not run')
    this.pausedAt = at
    this.left = this.endsAt === null ? null : leftOf(at, this.endsAt, this.terms.breaks)
  }

  resume(at) {
    require(this.pausedAt !== null && at >= this.pausedAt, 'lets a clock go on that does not stand still')
    this.endsAt = this.left === null ? null : this.running(at, this.left)
    if (this.endsAt !== null && this.phase === 'round') this.endsAt = whole(this.endsAt, SECOND)
    this.fellFrom += at - this.pausedAt
    this.pausedAt = this.left = null
  }

  // What ends a tie. Whether draw, offers or minutes give this winner is looked at elsewhere.

  requireTie({ how }) {
    require(this.phase === 'tied' && this.pausedAt === null && how === this.terms.after_ceiling, 'is of a tie that there is not')
  }

  decideTie(event) {
    this.requireTie(event)
    const { how, winner, price_fen: fen } = event
    const atPrice = isInt(fen) && (how === 'single' ? fen >= this.price : fen === this.price)
    require(this.agreed.includes(winner) && atPrice, 'decides a tie for nobody who agreed, or at another price')
    Object.assign(this, { phase: 'ended', leader: winner, price: fen, endsAt: this.asOf })
  }

  // Rounds of sealed offers. Whether the offers are those that were opened is looked at elsewhere.

  beginRound({ number, session, deadline }) {
    const fits = this.phase === 'round' && this.pausedAt === null && number === this.round && deadline === this.endsAt
    require(fits && !this.sessions.has(number), 'begins no round that follows')
    this.sessions.set(number, session)
  }

  closeRound(event, at) {
    const { number, offers, again } = event
    const isOffer = offer => Array.isArray(offer) && offer.length === 2 && typeof offer[0] === 'string' && isInt(offer[1])
    require(this.phase === 'opening' && this.pausedAt === null && number === this.round, 'closes a round that was not open')
    require(typeof again === 'boolean' && Array.isArray(offers) && offers.every(isOffer), 'is no list of offers')
    this.told.push(event)
    const least = this.least()
    const counting = offers.filter(([, fen]) => fen >= least)
    if (again) return this.begin('round', at)
    if (!counting.length) return Object.assign(this, { phase: 'ended', endsAt: at })
    const [leader, price] = counting.reduce((best, offer) => (offer[1] > best[1] ? offer : best))
    Object.assign(this, { leader, price, number: this.number + counting.length })
    this.begin('round', at)
  }

  // What people do.

  requireRunning(at) {
    const rests = this.terms.breaks.some(([start, until]) => start <= at && at < until)
    const runs = this.pausedAt === null && !['waiting', 'ended', 'tied', 'round', 'opening'].includes(this.phase) && (this.endsAt === null || at < this.endsAt)
    require(runs && !rests, 'is an act at a moment at which there was none')
  }

  join({ paddle }, at) {
    this.requireRunning(at)
    require(this.phase === 'question' && (!this.mode.needsOffer || this.offered.has(paddle)), 'goes on where nobody was asked, or not this one')
    this.joined.add(paddle)
  }

  call({ calls }, at) {
    this.requireRunning(at)
    require(this.phase === 'calls' && calls === this.calls + 1, 'is no call that follows')
    this.calls++
    if (this.calls === CALLS) Object.assign(this, { phase: 'ended', endsAt: at })
  }

  /** The smallest amount that counts next. */
  least() {
    const { start_fen: start, step_fen: step } = this.terms
    if (this.price === null) return start
    const first = this.phase === 'timed' && this.lastPhase !== 'timed'
    return this.price + (first && !this.mode.fullStepFirst && !this.mode.multiples ? 1 : step)
  }

  bid({ paddle, fen, number, phase, by_host: byHost }, at) {
    this.requireRunning(at)
    require(isInt(fen) && number === this.number + 1 && phase === this.phase && (!byHost || phase === 'calls'), 'is a bid with another number, or of another phase')
    require(this.counts(paddle, fen, at), 'is a bid that does not count under the terms')
    this.number++
    this.lastPhase = phase
    if (phase === 'agreeing') this.agreed.push(paddle)
    else if (phase === 'housing') Object.assign(this, { housing: fen, leader: paddle, endsAt: Math.max(this.endsAt ?? 0, this.running(at, this.mode.window)) })
    else this.raise(paddle, fen, at)
  }

  raise(paddle, fen, at) {
    const { phase } = this
    Object.assign(this, { price: fen, leader: paddle, calls: 0 })
    this.offered.add(paddle)
    if (phase === 'falling') Object.assign(this, { phase: 'ended', endsAt: at })
    else if (fen === this.terms.ceiling_fen) {
      const ends = this.running(at, this.mode.confirm)
      Object.assign(this, { phase: 'agreeing', agreed: [paddle], endsAt: phase === 'offers' ? Math.max(ends, this.terms.listing_ends_at) : ends })
    } else if (phase === 'timed') this.endsAt = Math.max(this.endsAt, this.running(this.mode.extends ? this.endsAt : at, this.mode.window))
  }

  /** Whether the terms admit an amount now. */
  counts(paddle, fen, at) {
    const { ceiling_fen: ceiling, start_fen: start, step_fen: step, floor_fen: floor, housing_step: area } = this.terms
    switch (this.phase) {
      case 'falling': return fen === Math.max(floor, start - Math.floor(Math.max(0, at - this.fellFrom) / this.mode.fall) * step)
      case 'agreeing': return fen === ceiling && !this.agreed.includes(paddle)
      case 'housing': return this.agreed.includes(paddle) && fen >= this.housing + area && fen % area === 0
      case 'question': return false
    }
    if (this.phase === 'timed' && this.mode.phases.includes('question') && !this.joined.has(paddle)) return false
    const inBounds = (ceiling === null || fen <= ceiling) && (fen >= this.least() || fen === ceiling) && (this.price === null || fen > this.price)
    return inBounds && !(this.mode.multiples && (fen - start) % step !== 0)
  }
}
