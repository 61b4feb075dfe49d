// The offer as people type it, turned into whole fen and days; no floating point anywhere.

import { Refusal } from './protocol.js'

const UNITS = { 万: 4, 亿: 8 }

/** "1,234,567.89", "１２３万", "1.5亿元" as fen. Raises Refusal ``offer.price``. */
export function fen (text) {
  const plain = text.normalize('NFKC').replace(/[\s,，¥￥]/g, '').replace(/元$/, '')
  const found = /^([0-9]{1,15})(?:\.([0-9]{1,10}))?(万|亿)?$/.exec(plain)
  if (!found) throw new Refusal('offer.price')
  const [, whole, decimals = '', unit] = found
  const places = 2 + (unit ? UNITS[unit] : 0)
  if (/[1-9]/.test(decimals.slice(places))) throw new Refusal('offer.price')
  const value = Number(whole + decimals.slice(0, places).padEnd(places, '0'))
  if (!Number.isSafeInteger(value) || value === 0) throw new Refusal('offer.price')
  return value
}

/** Fen as yuan with two decimals and commas. */
export function yuan (value) {
  const text = String(value).padStart(3, '0')
  return `${text.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ',')}.${text.slice(-2)}`
}

/** The offer of a bid from the texts of its fields; of a technical envelope without its price. */
export function readOffer ({ price, days, quality = '', statement = '' }, withPrice = true) {
  const plainDays = days.normalize('NFKC').trim()
  const priced = withPrice ? { price_fen: fen(price) } : {}
  if (!/^[1-9][0-9]{0,4}$/.test(plainDays)) throw new Refusal('offer.days')
  return { ...priced, days: Number(plainDays), quality: quality.trim(), statement: statement.trim() }
}
