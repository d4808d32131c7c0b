/** Names of files are bytes: those that are no text keep theirs. */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { named, raw } from "../../machine/calls.ts"

it("a path stands for the very bytes that it was made of, whatever they are, and is plain text where they are", () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map((all) => Buffer.from(all))
  const odd = fc.array(fc.constantFrom("a", "/", "\u00e9", "\u{1f680}", "\ufffd", "\xff", "\xc3"), { maxLength: 12 })
  const mixed = odd.map((parts) =>
    Buffer.concat(parts.map((part) => Buffer.from(part, part === "\xff" || part === "\xc3" ? "latin1" : "utf8")))
  )
  fc.assert(
    fc.property(fc.oneof(bytes, mixed), (given) => {
      const path = named(given)
      expect(Buffer.from(raw(path) as Buffer)).toEqual(given)
      expect(JSON.parse(JSON.stringify(path))).toBe(path)
      if (Buffer.from(given.toString()).equals(given)) expect(path).toBe(given.toString())
    }),
    { numRuns: 500 }
  )
})
