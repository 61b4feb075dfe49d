// What this browser must be able to do before anything is sealed in it. Imports nothing, so
// that even a browser without import maps gets as far as saying what is missing.

const TESTS = {
  secure: () => window.isSecureContext === true,
  webcrypto: () => !!(window.crypto && crypto.subtle && window.indexedDB),
  modules: () => typeof HTMLScriptElement.supports === 'function' && HTMLScriptElement.supports('importmap'),
  worker: () => typeof Worker === 'function' && typeof Blob.prototype.arrayBuffer === 'function',
  ed25519: async () => {
    const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
    const signature = await crypto.subtle.sign('Ed25519', pair.privateKey, new Uint8Array(32))
    return crypto.subtle.verify('Ed25519', pair.publicKey, signature, new Uint8Array(32))
  }
}

/** The first thing that is missing (``secure``, ``webcrypto``, …), or null. */
export async function missing () {
  for (const name of Object.keys(TESTS)) {
    let works = false
    try {
      works = await TESTS[name]()
    } catch (error) { /* counts as missing */ }
    if (!works) return name
  }
  return null
}
