/**
 * The key by which this state folder logs in to machines that it has made, and the keys that those show. A machine's own follows from the
 * request that made it, so that who asks for the same machine again says the same, and the first connection there is to the right one or to
 * none.
 */
import { createHash, createHmac, createPrivateKey, createPublicKey, randomBytes } from "node:crypto"
import { link, mkdir, readFile, unlink, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { ulid } from "ulid"

export interface KeyPair {
  /** As OpenSSH writes it. */
  readonly private: string
  /** `ssh-ed25519 AAAA…` */
  readonly public: string
}

const type = "ssh-ed25519"
const seedBytes = 32
/** DER, up to the seed: a private key of Ed25519. */
const pkcs8 = Buffer.from("302e020100300506032b657004220420", "hex")

const field = (bytes: Buffer | string): Buffer => {
  const content = Buffer.from(bytes)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  return Buffer.concat([length, content])
}
const number = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const armoured = (bytes: Buffer) => {
  const lines = bytes.toString("base64").match(/.{1,70}/g) ?? []
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`
}

/** The same seed is the same key. */
export const keyOfSeed = (seed: Buffer, comment: string): KeyPair => {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: "der", type: "pkcs8" })
  const own = Buffer.from(createPublicKey(key).export({ format: "jwk" }).x!, "base64url")
  const blob = Buffer.concat([field(type), field(own)])
  // Two equal numbers, by which who unlocks a locked key knows that he did.
  const check = createHash("sha256").update(own).digest().subarray(0, 4)
  const secret = Buffer.concat([check, check, blob, field(Buffer.concat([seed, own])), field(comment)])
  const missing = (8 - (secret.length % 8)) % 8
  const padded = Buffer.concat([secret, Buffer.from(Array.from({ length: missing }, (_, i) => i + 1))])
  const parts = [Buffer.from("openssh-key-v1\0"), field("none"), field("none"), field(""), number(1), field(blob), field(padded)]
  return { private: armoured(Buffer.concat(parts)), public: `${type} ${blob.toString("base64")}` }
}

const seedFor = (key: KeyPair, purpose: string) => createHmac("sha256", key.private).update(purpose).digest().subarray(0, seedBytes)

export const hostKeyFor = (key: KeyPair, token: string): KeyPair => keyOfSeed(seedFor(key, `host ${token}`), "host")

const fileOf = (home: string) => join(home, "keys", "id_ed25519")

/** Whole or not at all; of two that make it at a time there is one. */
const putOnce = async (file: string, text: string) => {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const temp = `${file}.${ulid()}`
  await writeFile(temp, text, { mode: 0o600, flush: true })
  try {
    await link(temp, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
  } finally {
    await unlink(temp)
  }
}

const read = async (file: string): Promise<KeyPair | null> => {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null
    throw error
  })
  if (text === null) return null
  const data = Buffer.from(text.replaceAll(/-----[^-]+-----|\s/g, ""), "base64")
  const blob = Buffer.concat([field(type)])
  const at = data.indexOf(blob) + blob.length
  return { private: text, public: `${type} ${Buffer.concat([blob, data.subarray(at, at + 4 + seedBytes)]).toString("base64")}` }
}

/** Of this state folder, made when it is first asked for. */
export const ourKey = async (home: string): Promise<KeyPair & { readonly file: string }> => {
  const file = fileOf(home)
  const known = await read(file)
  if (known !== null) return { ...known, file }
  await putOnce(file, keyOfSeed(randomBytes(seedBytes), "skyd").private)
  return { ...(await read(file))!, file }
}
