// Small things of the wizard's page: what a file slot takes, a fingerprint for people, downloads.

const STEMS = '甲乙丙丁戊己庚辛壬癸'

/** A fingerprint for reading aloud: four pairs of a stem and a number, 64 bits together. */
export function pairs (digest) {
  return [0, 4, 8, 12].map(at => parseInt(digest.slice(at, at + 4), 16)).map(value => `${STEMS[value % 10]}${Math.floor(value / 10)}`).join(' · ')
}

/** A fingerprint in groups of four figures. */
export const groups = digest => digest.match(/.{4}/g).join(' ')
/** Hand the browser a file to keep. */
export function download (name, data) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([data], { type: 'application/json' }))
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(link.href), 60000)
}

/** Whether a slot takes a file: its type by name, its size. */
export function accepts (input, file) {
  const types = input.accept.split(',').map(type => type.trim().toLowerCase()).filter(Boolean)
  const isType = types.length === 0 || types.some(type => file.name.toLowerCase().endsWith(type))
  return isType && (!input.dataset.max || file.size <= Number(input.dataset.max))
}

export const isRequired = input => input.required || 'required' in input.dataset || !!input.closest('.govuk-form-group').querySelector('.govuk-tag--red')

export function isPlain (checkFileName, file) {
  try {
    checkFileName(file.name)
    return true
  } catch (error) {
    return false
  }
}
