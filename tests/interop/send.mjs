/*
 * Sends statements with the xAPI client that many courses use. Reads one JSON job, writes what it was answered.
 *
 * A job: {"endpoint", "user", "password", "adapter": "axios" or "fetch", "actor", "activity", "certificate": text to attach}.
 * The answer: {"about", "passed": [ids], "batch": [ids], "attached": [ids], "voided": [ids], "refused": {"status", "problem"} or
 * {"said"}}.
 */
import imported from '@xapi/xapi';

const XAPI = imported.default ?? imported;

const chunks = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}
const job = JSON.parse(Buffer.concat(chunks).toString());

const xapi = new XAPI({
  endpoint: job.endpoint,
  auth: XAPI.toBasicAuth(job.user, job.password),
  version: '1.0.3',
  adapter: job.adapter
});
const object = {objectType: 'Activity', id: job.activity};
const of = (verb, result) => ({actor: job.actor, verb, object, timestamp: new Date().toISOString(), ...(result && {result})});

const about = (await xapi.getAbout()).data;
const passed = (await xapi.sendStatement({statement: of(XAPI.Verbs.PASSED, {success: true})})).data;
const batch = (await xapi.sendStatements({
  statements: [
    of(XAPI.Verbs.COMPLETED, {completion: true, duration: 'PT30M'}),
    of(XAPI.Verbs.SCORED, {score: {scaled: 0.95, raw: 95, min: 0, max: 100}}),
    of(XAPI.Verbs.ANSWERED, {response: 'true'})
  ]
})).data;

const bytes = new TextEncoder().encode(job.certificate);
const digest = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
const attachment = {
  usageType: XAPI.AttachmentUsages.CERTIFICATE_OF_COMPLETION,
  display: {'en-US': 'Certificate'},
  contentType: 'text/plain',
  length: bytes.byteLength,
  sha2: digest
};
// In Node its axios calls what it sends with attachments application/octet-stream, so nobody could read that; fetch doesn't.
const attached = job.adapter === 'fetch' ? (await xapi.sendStatement({
  statement: {...of(XAPI.Verbs.COMPLETED, {completion: true}), attachments: [attachment]},
  attachments: [bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)]
})).data : [];

const voided = (await xapi.voidStatement({actor: job.actor, statementId: passed[0]})).data;

let refused = null;
try {
  await xapi.sendStatement({statement: of(XAPI.Verbs.PASSED, {score: {scaled: 95}})});
} catch (error) {
  // Its fetch adapter throws the words of the answer, without its status.
  refused = error.response ? {status: error.response.status, problem: error.response.data} : {said: String(error)};
}

process.stdout.write(JSON.stringify({about, passed, batch, attached, voided, refused}));
