/** The bytes of the log, held in hex: they are for ever. */
import { assert, describe, it } from "@effect/vitest"
import { genesis, link, pack, unpack } from "../../daemon/log/chain.ts"

describe("the chain", () => {
  const json = Buffer.from('{"seq":1}')
  it("begins with the sha256 of the log's id", () => {
    assert.strictEqual(
      genesis("01ARZ3NDEKTSV4RRFFQ69G5FAV").toString("hex"),
      "8eac53b3f14d71fe51a63af287b39e9987212e1bf5310a72056379e1f254c0c4"
    )
  })
  it("hashes the previous raw hash and the JSON bytes as stored", () => {
    assert.strictEqual(
      link(genesis("01ARZ3NDEKTSV4RRFFQ69G5FAV"), json).toString("hex"),
      "78d7806666dda1882ea8973250caf34ee96b0badc7d6decc16963d9658b516c2"
    )
  })
  it("stores a format byte, the raw hash and the JSON", () => {
    const hash = link(genesis("01ARZ3NDEKTSV4RRFFQ69G5FAV"), json)
    const value = pack(hash, json)
    assert.strictEqual(value.toString("hex"), `01${hash.toString("hex")}${json.toString("hex")}`)
    assert.deepStrictEqual(unpack(value), { hash, json })
  })
  it("does not read another format", () => {
    assert.isUndefined(unpack(Buffer.concat([Buffer.of(2), Buffer.alloc(40)])))
    assert.isUndefined(unpack(Buffer.of(1)))
  })
})
