// An amount in Chinese capitals (大写), the same as trading/base/money.py; tests hold the two together.

const DIGITS = '零壹贰叁肆伍陆柒捌玖'
const PLACES = ['', '拾', '佰', '仟']
const GROUPS = ['', '万', '亿', '万亿', '亿亿']

function group (number) {
  let text = ''
  let gap = false
  for (const place of [3, 2, 1, 0]) {
    const digit = Math.floor(number / 10 ** place) % 10
    if (digit === 0) gap = text !== ''
    else {
      text += (gap ? '零' : '') + DIGITS[digit] + PLACES[place]
      gap = false
    }
  }
  return text
}

function whole (number) {
  const groups = []
  for (let left = number; left > 0; left = Math.floor(left / 10000)) groups.push(left % 10000)
  let text = ''
  let gap = false
  for (let index = groups.length - 1; index >= 0; index--) {
    const part = groups[index]
    if (part === 0) {
      gap = text !== ''
      continue
    }
    if (text && (gap || part < 1000)) text += '零'
    text += group(part) + GROUPS[index]
    gap = false
  }
  return text
}

/** Whole fen as capitals: one 零 for a run of zeros, 整 after whole yuan or jiao. */
export function capitals (fen) {
  const yuan = Math.floor(fen / 100)
  const jiao = Math.floor(fen / 10) % 10
  const cents = fen % 10
  let text = yuan ? `${whole(yuan)}元` : ''
  if (!jiao && !cents) return `${text || '零元'}整`
  if (jiao) text += `${DIGITS[jiao]}角`
  else if (yuan) text += '零'
  return text + (cents ? `${DIGITS[cents]}分` : '整')
}
