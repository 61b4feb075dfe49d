// X.509 certificates: their signatures and a chain to a root that is trusted (RFC 5280).

import { AsnConvert, AsnIntegerArrayBufferConverter, AsnProp, AsnPropTypes } from '@peculiar/asn1-schema'
import {
  BasicConstraints, Certificate, ExtendedKeyUsage, KeyUsage, KeyUsageFlags, id_ce_basicConstraints, id_ce_certificatePolicies,
  id_ce_extKeyUsage, id_ce_keyUsage, id_ce_subjectAltName
} from '@peculiar/asn1-x509'
import { equal, hex, sha256, unbase64 } from './bytes.js'

const FOR_TIME_STAMPS = '1.3.6.1.5.5.7.3.8'
const UNDERSTOOD = [id_ce_basicConstraints, id_ce_certificatePolicies, id_ce_extKeyUsage, id_ce_keyUsage, id_ce_subjectAltName]
const ANY_USE = '2.5.29.37.0'
const DEEPEST = 8

const HASHES = { '2.16.840.1.101.3.4.2.1': 'SHA-256', '2.16.840.1.101.3.4.2.2': 'SHA-384', '2.16.840.1.101.3.4.2.3': 'SHA-512' }
const RSA = 'RSASSA-PKCS1-v1_5'
const ALGORITHMS = {
  '1.2.840.113549.1.1.11': [RSA, 'SHA-256'], '1.2.840.113549.1.1.12': [RSA, 'SHA-384'], '1.2.840.113549.1.1.13': [RSA, 'SHA-512'],
  '1.2.840.113549.1.1.1': [RSA], '1.2.840.10045.4.3.2': ['ECDSA', 'SHA-256'], '1.2.840.10045.4.3.3': ['ECDSA', 'SHA-384'],
  '1.2.840.10045.4.3.4': ['ECDSA', 'SHA-512'], '1.3.101.112': ['Ed25519']
}
/** Name and length of a curve by the DER of its identifier. */
const CURVES = { '06082a8648ce3d030107': ['P-256', 32], '06052b81040022': ['P-384', 48], '06052b81040023': ['P-521', 66] }

export const hashNamed = oid => HASHES[oid]

class EcdsaSignature {}
for (const name of ['r', 's']) {
  AsnProp({ type: AsnPropTypes.Integer, converter: AsnIntegerArrayBufferConverter })(EcdsaSignature.prototype, name)
}

/** Whether bytes are DER throughout, each length as short as it can be: no reader finds an end where the next does not. */
export function isDer(bytes) {
  for (let at = 0; at < bytes.length;) {
    if (bytes.length - at < 2 || (bytes[at] & 0x1f) === 0x1f) return false
    let [size, start] = [bytes[at + 1], at + 2]
    if (size >= 0x80) {
      const count = size & 0x7f
      size = bytes.slice(start, start + count).reduce((sum, byte) => 256 * sum + byte, 0)
      if (count < 1 || count > 4 || size < 0x80 || bytes[start] === 0) return false
      start += count
    }
    if (start + size > bytes.length || (bytes[at] & 0x20 && !isDer(bytes.subarray(start, start + size)))) return false
    at = start + size
  }
  return true
}

/** A certificate with the bytes it was read from. */
export async function readCertificate(der) {
  const read = AsnConvert.parse(der, Certificate)
  const body = read.tbsCertificate
  return {
    der: new Uint8Array(der),
    signed: new Uint8Array(read.tbsCertificateRaw ?? AsnConvert.serialize(body)),
    fingerprint: hex(await sha256(new Uint8Array(der))),
    algorithm: read.signatureAlgorithm.algorithm,
    sameAlgorithm: equal(bytesOf(read.signatureAlgorithm), bytesOf(body.signature)),
    signature: new Uint8Array(read.signatureValue),
    issuer: bytesOf(body.issuer),
    subject: bytesOf(body.subject),
    from: body.validity.notBefore.getTime(),
    until: body.validity.notAfter.getTime(),
    key: body.subjectPublicKeyInfo,
    extensions: body.extensions ?? []
  }
}

const bytesOf = value => new Uint8Array(AsnConvert.serialize(value))

/** The certificates of a PEM text. */
export async function readPem(text) {
  const found = []
  for (const block of text.matchAll(/-----BEGIN CERTIFICATE-----([\sA-Za-z0-9+/=]*)-----END CERTIFICATE-----/g)) {
    const der = unbase64(block[1].replace(/\s/g, ''))
    if (!der) throw new Error('a certificate that is no Base64')
    found.push(await readCertificate(der))
  }
  return found
}

function extension(certificate, oid, type) {
  const found = certificate.extensions.filter(item => item.extnID === oid)
  if (found.length > 1) throw new Error('an extension twice')
  return found.length ? { critical: found[0].critical, value: AsnConvert.parse(found[0].extnValue.buffer, type) } : null
}

/** Whether a key signed a message; algorithms are those of ALGORITHMS and nothing else. */
export async function isSignedBy(publicKey, oid, hashOid, signature, message) {
  const [name, ownHash] = ALGORITHMS[oid] ?? []
  const hash = ownHash ?? HASHES[hashOid]
  if (!name || (name !== 'Ed25519' && !hash)) return false
  try {
    const [namedCurve, length] = name === 'ECDSA' ? CURVES[hex(new Uint8Array(publicKey.algorithm.parameters))] : []
    const key = await crypto.subtle.importKey('spki', bytesOf(publicKey), { name, hash, namedCurve }, false, ['verify'])
    return await crypto.subtle.verify({ name, hash }, key, length ? plainEcdsa(signature, length) : signature, message)
  } catch {
    return false
  }
}

/** The two numbers of an ECDSA signature behind one another, as WebCrypto wants them. */
function plainEcdsa(signature, length) {
  if (!isDer(new Uint8Array(signature))) throw new Error('a signature that is not in DER')
  const { r, s } = AsnConvert.parse(signature, EcdsaSignature)
  const plain = new Uint8Array(2 * length)
  for (const [number, end] of [[r, length], [s, 2 * length]]) {
    const bytes = new Uint8Array(number)
    const short = bytes.slice(bytes.findIndex(byte => byte !== 0))
    plain.set(short, end - short.length)
  }
  return plain
}

/** Why a certificate may not sign time stamps, or nothing: its use must be that alone, and critical. */
export function unfitForStamps(certificate) {
  const use = extension(certificate, id_ce_extKeyUsage, ExtendedKeyUsage)
  return use?.critical && use.value.length === 1 && use.value[0] === FOR_TIME_STAMPS ? '' : 'its certificate is not for time stamps alone'
}

function mayIssue(certificate, below) {
  const limits = extension(certificate, id_ce_basicConstraints, BasicConstraints)?.value
  const keyUse = extension(certificate, id_ce_keyUsage, KeyUsage)?.value
  const use = extension(certificate, id_ce_extKeyUsage, ExtendedKeyUsage)?.value
  return limits?.cA === true && !(limits.pathLenConstraint < below) &&
    (!keyUse || (keyUse.toNumber() & KeyUsageFlags.keyCertSign) !== 0) &&
    (!use || use.includes(FOR_TIME_STAMPS) || use.includes(ANY_USE))
}

const isUsable = (certificate, at) => certificate.from <= at && at <= certificate.until && certificate.sameAlgorithm &&
  certificate.extensions.every(item => !item.critical || UNDERSTOOD.includes(item.extnID))

/** Whether a chain leads from a certificate to the root, every link valid at that moment. */
export async function leadsTo(root, certificate, others, at, below = 0) {
  if (!isUsable(certificate, at) || below > DEEPEST) return false
  for (const issuer of [root, ...others]) {
    if (!equal(issuer.subject, certificate.issuer) || equal(issuer.der, certificate.der) || !mayIssue(issuer, below)) continue
    if (!await isSignedBy(issuer.key, certificate.algorithm, '', certificate.signature, certificate.signed)) continue
    if (issuer === root ? isUsable(root, at) : await leadsTo(root, issuer, others, at, below + 1)) return true
  }
  return false
}
