/** Names that things get on a cloud. The golden set `names` has the cases; here are their properties. */
import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { autoClusterName, nameOnCloud } from "../../../task/cloud-names.ts"
import { clusterNamePattern } from "../../../task/names.ts"

const md5 = (text: string) => createHash("md5").update(text).digest("hex")
const names = fc.stringMatching(/^[a-zA-Z][-_.a-zA-Z0-9]{0,80}[a-z0-9]$/)

describe("a name on a cloud", () => {
  it("holds to the cloud's limit and letters, and is the same each time", () => {
    fc.assert(
      fc.property(names, fc.constantFrom(15, 35, 248), (name, maxChars) => {
        const made = nameOnCloud({ name, maxChars, userHash: "1a2b3c4d", md5 })
        assert.isAtMost(made.length, maxChars)
        assert.match(made, /^[a-z][a-z0-9-]*-1a2b$/)
        assert.strictEqual(made, nameOnCloud({ name, maxChars, userHash: "1a2b3c4d", md5 }))
      })
    )
  })
})

describe("a name made up", () => {
  it("is a good name whoever the user is", () => {
    fc.assert(
      fc.property(fc.string(), (user) => {
        assert.match(autoClusterName("00ff", user), clusterNamePattern)
      })
    )
    assert.strictEqual(autoClusterName("00ff", "Ann.Lee"), "sky-00ff-ann.lee")
    for (const user of ["", "99", "-_."]) assert.strictEqual(autoClusterName("00ff", user), "sky-00ff-user")
  })
})
