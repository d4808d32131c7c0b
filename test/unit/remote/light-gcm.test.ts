/** Packets of AES-GCM, read as RFC 5647 and RFC 4253 have them. */
import { createDecipheriv, randomBytes } from "node:crypto"
import { type Duplex, PassThrough, Writable } from "node:stream"
import { setImmediate } from "node:timers/promises"
import { expect, it } from "vitest"
import { type GcmCipher, lightGcm } from "../../../daemon/remote/light-gcm.ts"

const sending = (bits: 128 | 256, iv: Buffer) => {
  const key = randomBytes(bits / 8)
  const line = new PassThrough({ highWaterMark: 1024 * 1024 })
  const inside: GcmCipher = {
    _encKey: key,
    _encSSLName: `aes-${bits}-gcm`,
    _encIV: Buffer.from(iv),
    _dead: false,
    outSeqno: 0xffffffff,
    allocPacket: () => Buffer.alloc(0),
    encrypt: () => undefined
  }
  const cipher = Object.assign(inside, lightGcm(inside, { stream: line, keepsNothing: false }))
  const send = (payload: Buffer) => {
    const packet = cipher.allocPacket(payload.length)
    packet.set(payload, 5)
    cipher.encrypt(packet)
  }
  const read = (iv: Buffer) => {
    const head = line.read(4) as Buffer
    const length = head.readUInt32BE()
    const decipher = createDecipheriv(`aes-${bits}-gcm`, key, iv).setAAD(head)
    const body = decipher.update(line.read(length) as Buffer)
    decipher.setAuthTag(line.read(16) as Buffer).final()
    const padding = body[0]!
    return { length, padding, filler: body.subarray(length - padding), payload: body.subarray(1, length - padding) }
  }
  return { cipher, send, read }
}

it.each([128, 256] as const)("of any size are what was sent, whole blocks with a padding of 4 to 19 bytes (AES-%i)", async (bits) => {
  const iv = randomBytes(12)
  const { cipher, read, send } = sending(bits, iv)
  iv.copy(cipher._encIV)
  for (const bytes of [...Array(50).keys(), 32_777, 70_000]) {
    const payload = randomBytes(bytes + 1)
    const at = Buffer.from(cipher._encIV)
    send(payload)
    await setImmediate()
    const packet = read(at)
    expect(packet.payload.equals(payload)).toBe(true)
    expect(packet.length % 16).toBe(0)
    expect(packet.padding).toBeGreaterThanOrEqual(4)
    expect(packet.padding).toBeLessThan(20)
  }
})

it("are counted, and the eight bytes of their counter run over into none before them", () => {
  const iv = Buffer.from("0102030400000000ffffffff", "hex")
  const { cipher, read, send } = sending(128, iv)
  for (const [word, next] of [
    ["first", "010203040000000100000000"],
    ["second", "010203040000000100000001"]
  ] as const) {
    const at = Buffer.from(cipher._encIV)
    send(Buffer.from(word))
    expect(read(at).payload.toString()).toBe(word)
    expect(cipher._encIV.toString("hex")).toBe(next)
  }
  expect(cipher.outSeqno).toBe(1)
  Buffer.from("01020304ffffffffffffffff", "hex").copy(cipher._encIV)
  send(Buffer.from("last"))
  expect(cipher._encIV.toString("hex")).toBe("010203040000000000000000")
})

it("leave no memory behind on a line that keeps nothing", async () => {
  const written: Array<Uint8Array> = []
  const stream = new Writable({
    write: (bytes: Buffer, _, done) => {
      written.push(bytes)
      done()
    }
  }) as Duplex
  const key = { _encKey: randomBytes(16), _encSSLName: "aes-128-gcm", _encIV: randomBytes(12), _dead: false, outSeqno: 0 } as const
  for (const [keepsNothing, left] of [
    [true, 0],
    [false, 32_784]
  ] as const) {
    const cipher = lightGcm(key, { stream, keepsNothing })
    cipher.encrypt.call({ ...key, ...cipher }, cipher.allocPacket(32_768))
    await setImmediate()
    expect(written.splice(0).map(({ length }) => length)).toEqual([4, left, 16])
  }
})

it("have a padding that nobody foresees", () => {
  const iv = randomBytes(12)
  const { cipher, read, send } = sending(128, iv)
  const fillers = Array.from({ length: 1000 }, () => {
    const at = Buffer.from(cipher._encIV)
    send(Buffer.from("12345678"))
    return read(at).filler.toString("hex")
  })
  expect(new Set(fillers).size).toBe(1000)
})
