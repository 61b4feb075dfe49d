// Time stamps (RFC 3161, RFC 5816): what they state, who signed them, and by whose authority.

import { Attribute, EncapsulatedContentInfo, id_signedData } from '@peculiar/asn1-cms'
import { AsnArray, AsnConvert, AsnProp, AsnPropTypes, AsnType, AsnTypeTypes, OctetString } from '@peculiar/asn1-schema'
import { TSTInfo, TimeStampResp } from '@peculiar/asn1-tsp'
import { AlgorithmIdentifier } from '@peculiar/asn1-x509'
import { concat, digest, equal, hex, sha256, u8 } from './bytes.js'
import { hashNamed, isDer, isSignedBy, leadsTo, readCertificate, unfitForStamps } from './certificates.js'

const SHA_256 = '2.16.840.1.101.3.4.2.1'
const STAMP = '1.2.840.113549.1.9.16.1.4'
const STAMP_DER = '060b2a864886f70d0109100104'
const CONTENT_TYPE = '1.2.840.113549.1.9.3'
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4'
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47'
const GRANTED = [0, 1]

/** ESSCertIDv2 and SigningCertificateV2 of RFC 5035. */
class CertificateId {}
AsnProp({ type: AlgorithmIdentifier, optional: true })(CertificateId.prototype, 'hashAlgorithm')
AsnProp({ type: OctetString })(CertificateId.prototype, 'certHash')
AsnProp({ type: AsnPropTypes.Any, optional: true })(CertificateId.prototype, 'issuerSerial')
class CertificateIds extends AsnArray {}
AsnType({ type: AsnTypeTypes.Sequence, itemType: CertificateId })(CertificateIds)
class SigningCertificate {}
AsnProp({ type: CertificateIds })(SigningCertificate.prototype, 'certs')
AsnProp({ type: AsnPropTypes.Any, optional: true })(SigningCertificate.prototype, 'policies')

/** SignerInfo of RFC 5652; who signed is said by SigningCertificateV2, so the identifier before it is not read. */
class SignerInfo {}
AsnProp({ type: AsnPropTypes.Integer })(SignerInfo.prototype, 'version')
AsnProp({ type: AsnPropTypes.Any })(SignerInfo.prototype, 'sid')
AsnProp({ type: AlgorithmIdentifier })(SignerInfo.prototype, 'digestAlgorithm')
AsnProp({ type: Attribute, repeated: 'set', context: 0, implicit: true })(SignerInfo.prototype, 'signedAttrs')
AsnProp({ type: AlgorithmIdentifier })(SignerInfo.prototype, 'signatureAlgorithm')
AsnProp({ type: OctetString })(SignerInfo.prototype, 'signature')

/** SignedData of RFC 5652, its certificates left as the bytes that were signed. */
class SignedData {}
AsnProp({ type: AsnPropTypes.Integer })(SignedData.prototype, 'version')
AsnProp({ type: AlgorithmIdentifier, repeated: 'set' })(SignedData.prototype, 'digestAlgorithms')
AsnProp({ type: EncapsulatedContentInfo })(SignedData.prototype, 'encapContentInfo')
AsnProp({ type: AsnPropTypes.Any, repeated: 'set', context: 0, implicit: true, optional: true })(SignedData.prototype, 'certificates')
AsnProp({ type: AsnPropTypes.Any, repeated: 'set', context: 1, implicit: true, optional: true })(SignedData.prototype, 'crls')
AsnProp({ type: SignerInfo, repeated: 'set' })(SignedData.prototype, 'signerInfos')

class SignedAttributes extends AsnArray {}
AsnType({ type: AsnTypeTypes.Set, itemType: Attribute })(SignedAttributes)

/** When a stamp says that it saw these bytes; throws with the reason where it proves nothing. */
export async function stampedAt(response, data, root) {
  if (!isDer(response)) throw new Error('is not in DER')
  const answer = AsnConvert.parse(response, TimeStampResp)
  if (!GRANTED.includes(Number(answer.status.status)) || !answer.timeStampToken) throw new Error('not granted')
  if (answer.timeStampToken.contentType !== id_signedData) throw new Error('not signed')
  const signed = AsnConvert.parse(answer.timeStampToken.content, SignedData)
  const { eContentType, eContent } = signed.encapContentInfo
  if (eContentType !== STAMP || !eContent?.single) throw new Error('another kind of content')
  const content = new Uint8Array(eContent.single.buffer)
  const stated = AsnConvert.parse(content, TSTInfo)
  const { hashAlgorithm, hashedMessage } = stated.messageImprint
  if (stated.version !== 1 || hashAlgorithm.algorithm !== SHA_256 ||
      !equal(new Uint8Array(hashedMessage.buffer), await sha256(data))) throw new Error('stamps something else')
  if (signed.signerInfos.length !== 1) throw new Error('not signed by one signer')
  await checkSigner(signed, content, root, stated.genTime.getTime())
  return stated.genTime.getTime() / 1000
}

async function checkSigner(signed, content, root, at) {
  const [info] = signed.signerInfos
  const attribute = oid => {
    const found = (info.signedAttrs ?? []).filter(item => item.attrType === oid)
    if (found.length !== 1 || found[0].attrValues.length !== 1) throw new Error('lacks an attribute that is signed')
    return new Uint8Array(found[0].attrValues[0])
  }
  const algorithm = hashNamed(info.digestAlgorithm.algorithm)
  if (!algorithm) throw new Error('an algorithm that is not known here')
  const hash = await digest(algorithm, content)
  if (hex(attribute(CONTENT_TYPE)) !== STAMP_DER || !equal(attribute(MESSAGE_DIGEST), concat(u8(4), u8(hash.length), hash))) {
    throw new Error('its content was changed')
  }
  const certificates = []
  for (const der of signed.certificates ?? []) certificates.push(await readCertificate(der))
  const [{ hashAlgorithm, certHash }] = AsnConvert.parse(attribute(SIGNING_CERTIFICATE_V2), SigningCertificate).certs
  const signer = await named(hashAlgorithm?.algorithm ?? SHA_256, new Uint8Array(certHash.buffer), certificates)
  if (!signer) throw new Error('does not name its signer')
  // Signed as a SET in DER, though written with the tag of its field.
  const message = new Uint8Array(AsnConvert.serialize(new SignedAttributes(info.signedAttrs)))
  const signature = new Uint8Array(info.signature.buffer)
  if (!await isSignedBy(signer.key, info.signatureAlgorithm.algorithm, info.digestAlgorithm.algorithm, signature, message)) {
    throw new Error('its signature does not hold')
  }
  const unfit = unfitForStamps(signer)
  if (unfit) throw new Error(unfit)
  if (!await leadsTo(root, signer, certificates, at)) throw new Error('its certificate does not lead to the root')
}

async function named(oid, hash, certificates) {
  for (const certificate of certificates) {
    if (hashNamed(oid) && equal(await digest(hashNamed(oid), certificate.der), hash)) return certificate
  }
  return null
}
