/** Where the log's writer holds a key to be: what the facts say, those that are not on disk yet too. No index is asked. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { Acceptor, type Append } from "../../daemon/log/Acceptor.ts"
import { genesis } from "../../daemon/log/chain.ts"
import * as World from "../../daemon/World.ts"
import { type Key, nameKey } from "../../events/keys.ts"
import { cluster, created, name, recorded, requested, type Said, started } from "../fakes/facts.ts"

const gone: Said = { _tag: "ClusterGone", cluster, name, reason: "" }
const keys: ReadonlyArray<Key> = [`cluster/${cluster}` as never, nameKey(name), "request/r-stop"]

const writer = () => {
  const acceptor = new Acceptor(World.empty, genesis("0".repeat(26)))
  const append = (facts: ReadonlyArray<Said>, expect: Append["expect"]) => {
    const events = recorded(facts).map(({ event, operation, stream }) => [stream, event, operation!] as const)
    return acceptor.accept({ events, operation: null, causedBy: 0, actor: { kind: "daemon", uid: 1, host: "here" }, expect }, 1)
  }
  const actual = (key: Key) => {
    const moved = Result.getOrThrow(Result.flip(append([], [[key, 999_999]])))
    return moved._tag === "KeyMoved" ? moved.actual : undefined
  }
  return { accept: (...facts: ReadonlyArray<Said>) => Result.getOrThrow(append(facts, [])), positions: () => keys.map(actual) }
}

describe("a cluster's last fact, the birth that took its name, and a request", () => {
  it("are nowhere at first, then where the facts have them; what a journal says moves none", () => {
    const { accept, positions } = writer()
    assert.deepStrictEqual(positions(), [0, 0, 0])
    accept(created, requested("stop"), started())
    assert.deepStrictEqual(positions(), [2, 1, 2])
  })
  it("are given back with the cluster, the request apart, and taken again", () => {
    const { accept, positions } = writer()
    accept(created, requested("stop"))
    accept(gone)
    assert.deepStrictEqual(positions(), [0, 0, 2])
    accept(created)
    assert.deepStrictEqual(positions(), [4, 4, 2])
  })
  it("do not move by an append that is refused", () => {
    const { accept, positions } = writer()
    const large: Said = { _tag: "DaemonStopped", reason: "x".repeat(300 * 1024) }
    assert.throws(() => accept(created, large))
    assert.deepStrictEqual(positions(), [0, 0, 0])
  })
})
