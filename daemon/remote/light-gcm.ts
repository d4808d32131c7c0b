/**
 * AES-GCM packets (RFC 5647) as ssh2 makes them, at a third of what they cost there: its key, the memory of a packet and the padding are
 * made for many packets, not for each, and megabytes a second leave less behind to be collected.
 */
import { type CipherGCM, createCipheriv, createSecretKey, randomFillSync } from "node:crypto"
import type { Duplex } from "node:stream"

/** What ssh2's own is made of: the only one of its ciphers with such a key. */
export interface GcmCipher {
  readonly _encKey: Buffer
  readonly _encSSLName: "aes-128-gcm" | "aes-256-gcm"
  readonly _encIV: Buffer
  readonly _dead: boolean
  outSeqno: number
  allocPacket: (payloadBytes: number) => Buffer
  encrypt: (packet: Buffer) => void
}

const lengthBytes = 4
const headBytes = lengthBytes + 1
const blockBytes = 16
const paddingMinBytes = 4
const paddingMaxBytes = blockBytes + paddingMinBytes
/** Of a channel, with what is around it. */
const packetUsualBytes = 33 * 1024
const counterAt = 4

/** What is less may lie in memory that it shares. */
const releasedMinBytes = 16 * 1024
/** Now, not when enough of it has gathered that all else is looked through for it. */
const release = ({ buffer }: Buffer) => void (buffer as ArrayBuffer).transfer(0)

/** Bytes that nobody knows, some at a time. */
const makePadding = () => {
  const pool = Buffer.allocUnsafeSlow(4096)
  let at = pool.length
  return (into: Buffer, from: number) => {
    if (at + paddingMaxBytes > pool.length) {
      randomFillSync(pool)
      at = 0
    }
    at += pool.copy(into, from, at, at + into.length - from)
  }
}

/**
 * What packets go out on. Where it keeps nothing, it has no more use of bytes once it says that they are written: not every stream does.
 */
export interface WayOut {
  readonly stream: Duplex
  readonly keepsNothing: boolean
}

/** For a cipher that has its key already. */
export const lightGcm = (
  { _encKey: key, _encSSLName: name }: Pick<GcmCipher, "_encKey" | "_encSSLName">,
  { keepsNothing, stream }: WayOut
): Pick<GcmCipher, "allocPacket" | "encrypt"> => {
  const secret = createSecretKey(key)
  const pad = makePadding()
  let held = Buffer.allocUnsafeSlow(packetUsualBytes)
  return {
    // The last one is encrypted by now: ssh2 makes a packet and sends it in one go.
    allocPacket: (payloadBytes) => {
      const rest = (payloadBytes + 1) % blockBytes
      const padding = blockBytes - rest < paddingMinBytes ? 2 * blockBytes - rest : blockBytes - rest
      const length = headBytes + payloadBytes + padding
      if (length > held.length) held = Buffer.allocUnsafeSlow(length)
      const packet = held.subarray(0, length)
      packet.writeUInt32BE(length - lengthBytes)
      packet[lengthBytes] = padding
      pad(packet, headBytes + payloadBytes)
      return packet
    },
    encrypt(this: GcmCipher, packet) {
      if (this._dead || !stream.writable) return
      const cipher: CipherGCM = createCipheriv(name, secret, this._encIV)
      const head = Buffer.from(packet.subarray(0, lengthBytes))
      cipher.setAAD(head)
      const body = cipher.update(packet.subarray(lengthBytes))
      cipher.final()
      stream.write(head)
      if (keepsNothing && body.length >= releasedMinBytes) stream.write(body, (error) => error || release(body))
      else stream.write(body)
      stream.write(cipher.getAuthTag())
      this._encIV.writeBigUInt64BE(BigInt.asUintN(64, this._encIV.readBigUInt64BE(counterAt) + 1n), counterAt)
      this.outSeqno = (this.outSeqno + 1) >>> 0
    }
  }
}
