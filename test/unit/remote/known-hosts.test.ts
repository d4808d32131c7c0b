/** The files of OpenSSH are read as OpenSSH reads them. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { fingerprint, hostKeyCheck } from "../../../daemon/remote/host-key.ts"
import { keysIn, nameInFiles } from "../../../daemon/remote/known-hosts.ts"
import { bareKey, keyPair, targetAt } from "../../fakes/ssh-keys.ts"

const [one, two] = [keyPair("one"), keyPair("two")].map((pair) => bareKey(pair.public)) as [string, string]
const rsa = bareKey(keyPair("rsa", "rsa").public)
const found = (line: string, name: string) => keysIn(`${line}\n`, name, "f").map(({ key }) => key)
const file = (text: string) => {
  const path = join(mkdtempSync(join(tmpdir(), "known-")), "known_hosts")
  writeFileSync(path, text)
  return path
}

describe("a line of known_hosts", () => {
  it.each([
    ["box", "box"],
    ["other,box", "box"],
    ["BOX", "box"],
    ["*.lab", "a.lab"],
    ["10.0.0.?", "10.0.0.7"],
    ["[box]:2222", "[box]:2222"],
    ["  box", "box"]
  ])("'%s' is about %s", (patterns, name) => {
    expect(found(`${patterns} ${one} a comment`, name)).toEqual([one])
  })

  it.each([
    ["box", "box2"],
    ["*.lab,!a.lab", "a.lab"],
    ["box", "[box]:2222"],
    ["10.0.0.1", "10x0x0x1"],
    ["#box", "#box"],
    ["@cert-authority box", "box"],
    ["|1|broken", "box"]
  ])("'%s' is not about %s", (patterns, name) => {
    expect(found(`${patterns} ${one}`, name)).toEqual([])
  })

  it("may name its host by a hash, as ssh-keygen -H writes it", () => {
    const path = file(`box ${one}\n[box]:2222 ${two}\n`)
    execFileSync("ssh-keygen", ["-q", "-H", "-f", path], { stdio: "ignore" })
    const text = execFileSync("cat", [path], { encoding: "utf8" })
    expect(text).not.toContain("box")
    expect([keysIn(text, "box", path), keysIn(text, "[box]:2222", path)].map((keys) => keys.map(({ key }) => key))).toEqual([[one], [two]])
  })

  it("names a host by its alias, or by name and port", () => {
    expect(nameInFiles(targetAt({ host: "Box" }))).toBe("box")
    expect(nameInFiles(targetAt({ host: "box", port: 2222 }))).toBe("[box]:2222")
    expect(nameInFiles(targetAt({ host: "box", port: 2222, hostKeyAlias: "known" }))).toBe("known")
  })
})

const shown = (key: string) => `${fingerprint(key)} (ssh-ed25519)`

describe("a machine's key", () => {
  it("has the fingerprint that ssh-keygen shows", () => {
    const path = file(`${one}\n`)
    expect(execFileSync("ssh-keygen", ["-l", "-f", path], { encoding: "utf8" })).toContain(fingerprint(one))
  })

  it("is asked for by ed25519 first, and by the type that is known before all others", async () => {
    const of = async (changes: object) => (await hostKeyCheck(targetAt(changes))).algorithms
    expect((await of({}))[0]).toBe("ssh-ed25519")
    expect((await of({ hostKey: rsa })).slice(0, 3)).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"])
    expect((await of({ knownHosts: [file(`box ${rsa}\n`)] })).slice(0, 2)).toEqual(["rsa-sha2-512", "rsa-sha2-256"])
  })

  it("of a machine that nobody knows is taken", async () => {
    expect((await hostKeyCheck(targetAt({ knownHosts: ["/no/such/file"] }))).verdict(one)).toBeNull()
  })

  it("is taken where one of several lines has it", async () => {
    expect((await hostKeyCheck(targetAt({ knownHosts: [file(`box ${two}\n`), file(`box ${one}\n`)] }))).verdict(one)).toBeNull()
  })

  it("of another type than all that are known is another key", async () => {
    expect((await hostKeyCheck(targetAt({ knownHosts: [file(`box ${rsa}\n`)] }))).verdict(one)?.kind).toBe("HostKeyChanged")
  })

  it("that is revoked is never taken, whatever else says so", async () => {
    for (const hostKey of [null, one]) {
      const check = await hostKeyCheck(targetAt({ hostKey, knownHosts: [file(`box ${one}\n@revoked * ${one}\n`)] }))
      expect(check.verdict(one)).toMatchObject({ kind: "HostKeyChanged", message: expect.stringContaining("line 2") })
    }
  })

  it("that is pinned may carry a comment, and is the one whatever the files know", async () => {
    const check = await hostKeyCheck(targetAt({ hostKey: `${one} root@box`, knownHosts: [file(`box ${two}\n`)] }))
    expect(check.verdict(one)).toBeNull()
  })

  it("that is another than the pinned one is taken where known_hosts has that very key for it, and no other way", async () => {
    const verdict = async (text: string, changes: object = {}) =>
      (await hostKeyCheck(targetAt({ name: "box", host: "box", port: 22, hostKey: one, knownHosts: [file(text)], ...changes }))).verdict(
        two
      )
    expect(await verdict(`box ${two}\n`)).toBeNull()
    expect(await verdict(`box ${one}\nbox ${two}\n`)).toBeNull()
    expect(await verdict(`alias ${two}\n`, { hostKeyAlias: "alias" })).toBeNull()
    for (const text of ["", `other ${two}\n`, `box ${one}\n`, `@revoked box ${two}\n`, `box ${two}\n@revoked box ${two}\n`])
      expect(await verdict(text)).toMatchObject({ kind: "HostKeyChanged" })
  })

  it("that is another on a machine that was made for us is told as that, for there nobody installs anew, and goes into a sentence", async () => {
    const rented = { name: "10.0.0.7", host: "10.0.0.7", port: 22, hostKey: one, knownHosts: [] }
    expect((await hostKeyCheck(targetAt(rented))).verdict(two)).toMatchObject({
      kind: "HostKeyChanged",
      message: `10.0.0.7:22 does not show the host key that it was made with: ${shown(one)} is expected, ${shown(two)} is shown; nothing was sent to it. One that has just begun shows its own in a moment; else another machine has that address`
    })
  })

  it("that is another is told with what to do if the machine was installed anew", async () => {
    const words = async (changes: object) =>
      (await hostKeyCheck(targetAt({ name: "gpu", host: "box", port: 22, hostKey: one, ...changes }))).verdict(two)?.message
    expect(await words({ knownHosts: ["/no/such/file"] })).toContain(
      "If it was installed anew: ssh gpu, then the same command again; else find out who answers there."
    )
    const known = file(`[box]:2222 ${one}\n`)
    expect(await words({ port: 2222, knownHosts: [known] })).toContain(
      `If it was installed anew: ssh-keygen -R '[box]:2222' -f ${known} && ssh -p 2222 gpu, then`
    )
  })
})
