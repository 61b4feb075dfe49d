// Small parts that the offline tools' pages are made of.

export const find = id => document.getElementById(id)

export function make (tag, text, ...inside) {
  const element = document.createElement(tag)
  if (text) element.textContent = text
  element.append(...inside)
  return element
}

/** Rows of names and values. */
export const facts = rows => make('dl', '', ...rows.flatMap(([name, value]) => [make('dt', name), make('dd', value)]))

/** UTC seconds as Beijing time, which deadlines are stated in. */
export const moment = seconds => `${new Date((seconds + 8 * 3600) * 1000).toISOString().slice(0, 19).replace('T', ' ')} (UTC+8)`

export const readBytes = async file => new Uint8Array(await file.arrayBuffer())

/** Hand over a file to keep. */
export function save (name, data, type = 'application/json') {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(data instanceof Blob ? data : new Blob([data], { type }))
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(link.href), 600000)
}

/** What is wrong, where everybody hears it; nothing when there is nothing. */
export function showTrouble (text) {
  find('trouble').hidden = !text
  find('trouble').textContent = text
  if (text) find('trouble').focus()
}

/** Whether the browser can sign and verify with Ed25519. */
export async function hasEd25519 () {
  try {
    const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
    const signature = await crypto.subtle.sign('Ed25519', pair.privateKey, new Uint8Array(32))
    return await crypto.subtle.verify('Ed25519', pair.publicKey, signature, new Uint8Array(32))
  } catch (error) {
    return false
  }
}
