/*
 * Asks Digital Bazaar's libraries and `jose` whether credentials are good. Reads a JSON list of jobs, writes a JSON list of answers.
 *
 * A job: {"credential": {…}} or {"token": "…"}, with {"documents": {address: document}} — every context, DID document and
 * status list there is; nothing comes from the network — and perhaps {"now": "2026-11-23T00:00:00Z"}.
 * An answer: {"verified": true, "error": null, "status": [{"purpose": "revocation", "set": false}], "parts": [answer, …]};
 * parts are a CLR's credentials, each verified by itself.
 */
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as vc from '@digitalbazaar/vc';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {importJWK, jwtVerify} from 'jose';

const suite = new DataIntegrityProof({cryptosuite});

function loaderOf(documents) {
  return async url => {
    const [address, fragment] = url.split('#');
    if(documents[url]) {
      return {contextUrl: null, documentUrl: url, document: documents[url]};
    }
    if(fragment && documents[address]) {
      return {contextUrl: null, documentUrl: url, document: methodOf(documents[address], url)};
    }
    if(url === 'https://www.w3.org/ns/credentials/v2') {
      return vc.defaultDocumentLoader(url);
    }
    throw new Error(`There is no document ${url}`);
  };
}

function methodOf(didDocument, url) {
  const method = didDocument.verificationMethod.find(({id}) => id === url);
  if(!method) {
    throw new Error(`The DID document has no verification method ${url}`);
  }
  return method;
}

function said(error) {
  const inner = error?.errors?.map(each => said(each)).join('; ');
  return [error?.message, inner, error?.cause && said(error.cause)].filter(Boolean).join(': ') || null;
}

function setBits(results) {
  return (results ?? []).map(({credentialStatus, status}) => ({purpose: credentialStatus.statusPurpose, set: status}));
}

async function verifyProof(credential, documentLoader, now) {
  const result = await vc.verifyCredential({credential, suite, documentLoader, checkStatus, now});
  const parts = [];
  for(const part of [credential.credentialSubject?.verifiableCredential ?? []].flat()) {
    parts.push(await verifyProof(part, documentLoader, now));
  }
  const error = result.verified ? null : said(result.error) ?? said(result.statusResult?.error) ?? 'not verified';
  return {verified: result.verified, error, status: setBits(result.statusResult?.results), parts};
}

async function keyOf(header, documentLoader) {
  const {document: method} = await documentLoader(header.kid);
  if(method.publicKeyJwk) {
    return importJWK(method.publicKeyJwk, header.alg);
  }
  const keyPair = await Ed25519Multikey.from(method);
  return importJWK(await Ed25519Multikey.toJwk({keyPair}), header.alg);
}

async function verifyToken(token, documentLoader, now) {
  const {payload} = await jwtVerify(token, header => keyOf(header, documentLoader), {currentDate: now});
  const {document: controller} = await documentLoader(payload.iss);
  const kid = JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid;
  if(!controller.assertionMethod.includes(kid)) {
    throw new Error(`The issuer does not vouch for ${kid}`);
  }
  let status = [];
  if(payload.credentialStatus) {
    const result = await checkStatus({credential: payload, documentLoader, suite});
    if(!result.verified) {
      throw result.error;
    }
    status = setBits(result.results);
  }
  return {verified: true, error: null, status, parts: []};
}

async function answer({credential, token, documents, now}) {
  const documentLoader = loaderOf(documents);
  const time = now ? new Date(now) : new Date();
  try {
    return await (token ? verifyToken(token, documentLoader, time) : verifyProof(credential, documentLoader, time));
  } catch(error) {
    return {verified: false, error: said(error) ?? String(error), status: [], parts: []};
  }
}

const chunks = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}
const answers = [];
for(const job of JSON.parse(Buffer.concat(chunks))) {
  answers.push(await answer(job));
}
process.stdout.write(JSON.stringify(answers));
