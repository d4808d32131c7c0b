/** What is written for ssh, as OpenSSH's own client reads it. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { entryOf, knownHostsOf, Unsayable } from "../../../daemon/ssh-names/entry.ts"
import { targetAt } from "../../fakes/ssh-keys.ts"

let scratch: string
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "skyd-e-"))
})
afterEach(() => rmSync(scratch, { recursive: true, force: true }))

/** What ssh makes of it under a user's settings that say the opposite. */
const read = (entry: string, name: string, behind = ""): ReadonlyMap<string, ReadonlyArray<string>> => {
  const file = join(scratch, "config")
  writeFileSync(file, `${entry}${behind}`)
  const settings = new Map<string, Array<string>>()
  for (const line of execFileSync("ssh", ["-G", "-T", "-F", file, name], { encoding: "utf8" }).trimEnd().split("\n")) {
    const space = line.indexOf(" ")
    settings.set(line.slice(0, space), [...(settings.get(line.slice(0, space)) ?? []), line.slice(space + 1)])
  }
  return settings
}
const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFnJyc3zAf8yV0EXLtoAp6oCYW7Jyk6DuPs4jLf9wVAF"
const target = (known: Partial<Parameters<typeof targetAt>[0]> = {}) => targetAt({ hostKey, ...known })
const entry = (known: Parameters<typeof target>[0], agent: string | null = null) =>
  entryOf([{ name: "train", target: target(known) }], "/state/ssh/train.known_hosts", agent)

describe("an entry", () => {
  it("says where, who, with which key and by which host key; what the user says of all hosts changes none of it", () => {
    const user =
      "Host *\n  User bob\n  Port 23\n  ProxyJump elsewhere\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  IdentityAgent /x\n  VerifyHostKeyDNS yes\n  UpdateHostKeys yes\n"
    const read1 = read(entry({ host: "10.0.0.4", port: 2222, identityFiles: ["/k/id"] }), "train", user)
    for (const [key, value] of Object.entries({
      hostname: "10.0.0.4",
      user: "ann",
      port: "2222",
      identityfile: "/k/id",
      identitiesonly: "yes",
      hostkeyalias: "train.skyd-cluster",
      hostkeyalgorithms: "ssh-ed25519",
      userknownhostsfile: "/state/ssh/train.known_hosts",
      globalknownhostsfile: "/dev/null",
      stricthostkeychecking: "true",
      verifyhostkeydns: "false",
      updatehostkeys: "false"
    }))
      expect([key, read1.get(key)]).toEqual([key, [value]])
    expect([read1.get("proxyjump"), read1.get("proxycommand")]).toEqual([undefined, undefined])
  })

  it("goes the way that the pool's alias goes: hops with their users and ports, a command with the alias's own name", () => {
    const a = target({ name: "a", host: "10.0.0.1", user: "root", hostKey: null })
    const b = target({ name: "fe80::1", host: "fe80::1", port: 2200, proxyJump: a, hostKey: null })
    expect(read(entry({ host: "10.0.0.4", proxyJump: b }), "train").get("proxyjump")).toEqual(["root@a:22,ann@[fe80::1]:2200"])
    const command = 'nc -x "proxy host" %h %p # for %n %%'
    expect(read(entry({ name: "box", host: "10.0.0.4", proxyCommand: command }), "train").get("proxycommand")).toEqual([
      'nc -x "proxy host" %h %p # for box %%'
    ])
  })

  it("goes through jump hosts by their keys, where these are known", () => {
    const a = target({ name: "a", host: "10.0.0.1", user: "root", hostKey: "ssh-rsa AAAAB3NzaC1yc2E=" })
    const proxyJump = target({ name: "b", host: "10.0.0.2", port: 2200, identityFiles: ["/k/b"], proxyJump: a })
    const text = entry({ host: "10.0.0.4", proxyJump })
    expect(read(text, "train").get("proxyjump")).toEqual(["train.skyd-jump"])
    const hop = read(text, "train.skyd-jump")
    for (const [key, value] of Object.entries({
      hostname: "10.0.0.2",
      port: "2200",
      identityfile: "/k/b",
      hostkeyalias: "train.skyd-jump.skyd-cluster",
      stricthostkeychecking: "true",
      proxyjump: "train.skyd-jump.skyd-jump"
    }))
      expect([key, hop.get(key)]).toEqual([key, [value]])
    expect(read(text, "train.skyd-jump.skyd-jump").get("hostname")).toEqual(["10.0.0.1"])
    expect(knownHostsOf([{ name: "train", target: target({ proxyJump }) }]).split("\n")).toEqual([
      `train.skyd-cluster ${hostKey}`,
      `train.skyd-jump.skyd-cluster ${hostKey}`,
      "train.skyd-jump.skyd-jump.skyd-cluster ssh-rsa AAAAB3NzaC1yc2E=",
      ""
    ])
  })

  it("names the agent where it is not the one that ssh finds by itself", () => {
    expect(read(entry({ agent: "/a" }, "/a"), "train").get("identityagent")).toBeUndefined()
    expect(read(entry({ agent: "/a" }, "/b"), "train").get("identityagent")).toEqual(["/a"])
    expect(read(entry({ agent: null }, "/b"), "train").get("identityagent")).toEqual(["none"])
  })

  it("never holds a password, and an old RSA host key is asked for with new signatures", () => {
    const text = entry({ password: "s3cret", hostKey: "ssh-rsa AAAAB3NzaC1yc2E=" })
    expect(text).not.toContain("s3cret")
    expect(text).toContain("HostKeyAlgorithms rsa-sha2-512,rsa-sha2-256")
    expect(knownHostsOf([{ name: "train", target: target() }])).toBe(`train.skyd-cluster ${hostKey}\n`)
  })

  it("means the very path that was meant, or is not written", () => {
    const name = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
      .filter((text) => !/[\0/\n\r]/.test(text) && text.isWellFormed())
    fc.assert(
      fc.property(name, (file) => {
        let text: string
        try {
          text = entry({ identityFiles: [`/k/${file}`] })
        } catch (error) {
          expect(error).toBeInstanceOf(Unsayable)
          expect(file).toMatch(/["'\\\p{Cc}]|\$\{/u)
          return
        }
        // As it stands there; `%%` is one `%` when the file is opened.
        expect(read(text, "train").get("identityfile")).toEqual([`/k/${file}`.replaceAll("%", "%%")])
      }),
      { numRuns: 40 }
    )
  })

  it("is not written where versions of ssh differ on what it means", () => {
    expect(() => entry({ user: "a%b" })).toThrow(Unsayable)
    expect(() => entryOf([{ name: "train", target: target() }], "/a%h/train.known_hosts", null)).toThrow(Unsayable)
    expect(() => entry({ proxyJump: target({ name: "a b", hostKey: null }) })).toThrow(Unsayable)
    expect(() => entry({ name: "x; rm -rf ~", proxyCommand: "nc %h %p" })).not.toThrow()
    expect(() => entry({ name: 'x"; rm', proxyCommand: "nc %n %p" })).toThrow(Unsayable)
  })
})
