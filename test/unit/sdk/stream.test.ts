/** The async iterable under `tailLogs` and `events`: what its reader, its source and whoever leaves it see of each other. */
import { describe, expect, it } from "vitest"
import { type Sink, Stream } from "../../../sdk/api/Stream.ts"

const make = () => {
  const seen: Array<string> = []
  let sink: Sink<number> | undefined
  const stream = new Stream<number>((given) => {
    sink = given
    seen.push("open")
    return { hold: (held) => seen.push(held ? "hold" : "let go"), close: () => seen.push("close") }
  })
  return { stream, seen, sink: () => sink! }
}
const all = async (stream: AsyncIterable<number>) => {
  const values: Array<number> = []
  for await (const value of stream) values.push(value)
  return values
}

describe("a stream", () => {
  it("is not opened before it is read", async () => {
    const { seen, stream } = make()
    await stream.return()
    expect([seen, await all(stream)]).toEqual([[], []])
  })

  it("gives what is pushed, in order, before and after it is asked for", async () => {
    const { seen, sink, stream } = make()
    const first = stream.next()
    for (const value of [1, 2, 3]) sink().push(value)
    sink().end()
    expect(await first).toEqual({ value: 1, done: false })
    expect(await all(stream)).toEqual([2, 3])
    expect(seen).toEqual(["open", "close"])
  })

  it("holds its source back while nobody reads, and lets it go when all is read", async () => {
    const { seen, sink, stream } = make()
    const first = stream.next()
    sink().push(0)
    await first
    for (let i = 0; i < 300; i++) sink().push(i)
    expect(seen).toEqual(["open", "hold"])
    for (let i = 0; i < 299; i++) await stream.next()
    expect(seen).toEqual(["open", "hold"])
    await stream.next()
    expect(seen).toEqual(["open", "hold", "let go"])
  })

  it("lets go of its source when the loop is left", async () => {
    const { seen, sink, stream } = make()
    const left = (async () => {
      for await (const value of stream) if (value === 1) break
    })()
    sink().push(1)
    sink().push(2)
    await left
    expect(seen).toEqual(["open", "close"])
    expect(await stream.next()).toEqual({ value: undefined, done: true })
  })

  it("can be left while somebody waits for what comes next", async () => {
    const { seen, stream } = make()
    const waiting = stream.next()
    await stream.return()
    expect(await waiting).toEqual({ value: undefined, done: true })
    expect(seen).toEqual(["open", "close"])
  })

  it("throws its failure once, after what was there before it", async () => {
    const { sink, stream } = make()
    const first = stream.next()
    sink().push(1)
    sink().push(2)
    sink().fail(new Error("gone"))
    expect([await first, await stream.next()].map(({ value }) => value)).toEqual([1, 2])
    await expect(stream.next()).rejects.toThrow("gone")
    expect(await stream.next()).toEqual({ value: undefined, done: true })
  })

  it("ends with the block that uses it", async () => {
    const { seen, stream } = make()
    {
      await using inner = stream
      void inner.next()
    }
    expect(seen).toEqual(["open", "close"])
  })
})
