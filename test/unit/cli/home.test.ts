/** Where the state folder is, and why one cannot be used. */
import { mkdtempSync, symlinkSync } from "node:fs"
import { tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { findHome } from "../../../sdk/client/home.ts"
import { accountHome, makeFolder } from "../../../sdk/client/home-problems.ts"
import * as rare from "../../../sdk/client/rare.ts"

describe("the state folder", () => {
  const find = (env: NodeJS.ProcessEnv) => findHome(() => rare, env).folder

  it("follows SKYD_HOME, then the XDG state folder, and never XDG_RUNTIME_DIR", () => {
    expect(find({ SKYD_HOME: "rel", XDG_RUNTIME_DIR: "/run" })).toBe(`${process.cwd()}/rel`)
    expect(find({ XDG_STATE_HOME: "/x", HOME: "/h" })).toBe("/x/skyd")
    expect(find({ XDG_STATE_HOME: "x", HOME: "/h" })).toBe("/h/.local/state/skyd")
  })

  it("is absolute, whatever HOME is: without one the account's own home holds it", () => {
    for (const env of [{}, { HOME: "" }]) expect(find(env)).toBe(join(userInfo().homedir, ".local/state/skyd"))
    expect(find({ HOME: "h" })).toBe(`${process.cwd()}/h/.local/state/skyd`)
    const unknown = () => {
      throw new Error("ENOENT: no such user")
    }
    for (const entry of [unknown, () => ({ homedir: "" })])
      expect(() => accountHome(entry)).toThrow(expect.objectContaining({ exitCode: 2, hint: expect.stringContaining("SKYD_HOME") }))
  })

  it("is refused by the longest name in run/", () => {
    expect(() => find({ SKYD_HOME: `/${"x".repeat(89)}` })).toThrow("too deep")
    expect(find({ SKYD_HOME: `/${"x".repeat(88)}` })).toHaveLength(89)
  })

  it("that cannot be made is one sentence, below a file or in /proc", () => {
    for (const folder of ["/etc/passwd/x", "/proc/x/y"])
      expect(() => makeFolder(folder)).toThrow(
        expect.objectContaining({ exitCode: 2, message: expect.stringMatching(/^The state folder .* cannot be made: /) })
      )
  })

  it("that is a link to nowhere is said to be one", () => {
    const link = join(mkdtempSync(join(tmpdir(), "sky-")), "link")
    symlinkSync("nowhere", link)
    for (const folder of [link, join(link, "below")]) expect(() => makeFolder(folder)).toThrow(`${link} is a link to what does not exist`)
  })

  it("whose socket path would be too long is refused by name", () => {
    expect(() => find({ SKYD_HOME: `/${"x".repeat(120)}` })).toThrow(
      expect.objectContaining({ exitCode: 2, hint: expect.stringContaining("SKYD_HOME") })
    )
  })
})
