/** The examples of docs/protocol.md, one for each method: a real daemon answers so, and what it answers is what the schemas say. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Recorded } from "../../events/Recorded.ts"
import { framesAnswered, framesSent } from "../../scripts/docs.ts"
import { failuresOf } from "../../scripts/docs-failures.ts"
import { type WireExample, type WireLine, wireExamples } from "../../scripts/docs-wire.ts"
import * as errors from "../../sdk/protocol/errors.ts"
import { type MethodName, methods } from "../../sdk/protocol/methods.ts"
import { startDaemon, type TestDaemon } from "./daemon.ts"
import { type Frame, play } from "./play.ts"
import { shapes } from "./shapes.ts"

const examples = wireExamples()
const played: Array<WireExample> = []
let daemon: TestDaemon

beforeAll(async () => {
  daemon = await startDaemon()
  for (const example of examples) played.push({ method: example.method, lines: await play(daemon, example) })
})
afterAll(() => daemon.remove())

const framesFrom = (from: WireLine["from"], lines: ReadonlyArray<WireLine>) =>
  lines.filter((line) => line.from === from).map(({ text }) => JSON.parse(text) as Frame)

/** What a schema has against a value, where nothing unknown may stand in it. */
const complaint = (schema: Schema.Top, value: unknown) => {
  const result = Schema.decodeUnknownResult(schema as Schema.Codec<unknown>)(value, { onExcessProperty: "error" })
  return Result.isSuccess(result) ? null : String(result.failure)
}

describe("the examples of docs/protocol.md", () => {
  it("show each method once", () => {
    expect(examples.map(({ method }) => method).sort()).toEqual(Object.keys(methods).sort())
  })

  it.each(examples)("$method: happens as written", ({ lines, method }) => {
    const found = played.find((example) => example.method === method)!
    expect(shapes(framesFrom("←", found.lines))).toMatchObject(shapes(framesFrom("←", lines)))
  })

  it.each(examples)("$method: holds nothing that the schemas do not say", ({ method }) => {
    const { lines } = played.find((example) => example.method === method)!
    const { params, result } = methods[method as MethodName]
    for (const { data, type } of framesFrom("→", lines)) {
      const frame = framesSent[type as keyof typeof framesSent]
      if (frame !== null) expect(complaint(frame, data)).toBeNull()
      if (type === "request") expect(complaint(params, data["params"] ?? {})).toBeNull()
    }
    for (const { data, type } of framesFrom("←", lines)) {
      const frame = framesAnswered[type as keyof typeof framesAnswered]
      if (frame !== null) expect(complaint(frame, data)).toBeNull()
      if (type === "result" && data["more"] !== true) expect(complaint(result, data["value"])).toBeNull()
      if (type === "event") {
        const { changes: _, ...recorded } = data["event"] as Readonly<Record<string, unknown>>
        expect(complaint(Recorded, recorded)).toBeNull()
      }
      if (type === "failure") expect(failuresOf(method as MethodName)).toContain((data["error"] as { readonly tag: string }).tag)
    }
  })

  it("each tag of an error can come of some method", () => {
    const listed = new Set(Object.keys(methods).flatMap((name) => failuresOf(name as MethodName)))
    expect(Object.keys(errors).filter((name) => /^[A-Z]/.test(name) && !listed.has(name))).toEqual([])
  })
})
