/** The permissions that docs/gcp.md gives are what the code asks for, and what its calls take. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { morePermissions, permissions } from "../../daemon/clouds/gcp/permissions.ts"
import { filesBelow, root } from "../arch/sources.ts"

/** Beyond the one of its own name. */
const also: Readonly<Record<string, ReadonlyArray<string>>> = {
  "instances.bulkInsert": [
    "instances.create",
    "instances.setLabels",
    "instances.setMetadata",
    "instances.setTags",
    "disks.create",
    "disks.setLabels",
    "subnetworks.use",
    "subnetworks.useExternalIp"
  ],
  "firewalls.insert": ["firewalls.create", "networks.updatePolicy"],
  "instances.aggregatedList": ["instances.list"],
  "disks.aggregatedList": ["disks.list"],
  "disks.createSnapshot": ["disks.createSnapshot", "snapshots.create", "snapshots.setLabels", "snapshots.useReadOnly"]
}
const verbs: Readonly<Record<string, string>> = { insert: "create", wait: "get", patch: "update" }
/** What is called of Google's clients: `(await disks()).delete(`, or of the one that was just named `client`. A word in quotes is no call. */
const callsIn = (source: string): ReadonlyArray<string> =>
  [...source.matchAll(/\(await (\w+)\(\)\)\s*\.(\w+?)(?:Async)?\(/g)].map(({ 1: kind, 2: verb, index }) => {
    const [, own] = [...source.slice(0, index).matchAll(/\b(\w+): client\b/g)].at(-1) ?? []
    return `${kind === "client" ? own : kind}.${verb}`
  })
/** Everybody may look at public images. */
const isFree = (call: string) => call.startsWith("images.")

describe("docs/gcp.md", () => {
  const page = readFileSync(join(root, "docs/gcp.md"), "utf8")
  const listed = [...page.matchAll(/^\| `(roles\/\S+)` \| (.+) \|$/gm)].map(([, role, names]) => [
    role,
    [...names!.matchAll(/`(\S+?)`/g)].map(([, name]) => name)
  ])

  it("lists what is asked for, by the role that brings it", () => {
    expect(Object.fromEntries(listed)).toEqual({ ...permissions, ...morePermissions })
  })

  it("lists what the calls take, and no more", () => {
    const needed = filesBelow("daemon/clouds/gcp")
      .flatMap((file) => callsIn(readFileSync(join(root, file), "utf8")))
      .filter((call) => !isFree(call))
      .flatMap((call) => {
        const [kind, verb = ""] = call.split(".")
        return also[call] ?? [`${kind}.${verbs[verb] ?? verb}`]
      })
    const all = Object.values({ ...permissions, ...morePermissions }).flat()
    expect(new Set(all)).toEqual(new Set(needed.map((name) => `compute.${name}`)))
  })
})
