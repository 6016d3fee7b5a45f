// A party's own device: makes an Ed25519 key with WebCrypto, and signs what is asked. Reads a JSON line, writes one.
import { createInterface } from "node:readline"

const { subtle } = globalThis.crypto
const keys = await subtle.generateKey("Ed25519", false, ["sign", "verify"])
const base64 = bytes => Buffer.from(bytes).toString("base64")
console.log(JSON.stringify({ key: "ed25519:" + base64(await subtle.exportKey("raw", keys.publicKey)) }))
for await (const line of createInterface({ input: process.stdin })) {
  const bytes = Uint8Array.from(atob(JSON.parse(line).to_sign), letter => letter.charCodeAt(0))
  console.log(JSON.stringify({ signature: base64(await subtle.sign("Ed25519", keys.privateKey, bytes)) }))
  break
}
