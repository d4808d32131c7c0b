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
    "subnetworks.use",
    "subnetworks.useExternalIp"
  ],
  "firewalls.insert": ["firewalls.create", "networks.updatePolicy"],
  "instances.aggregatedList": ["instances.list"],
  "disks.aggregatedList": ["disks.list"],
  "disks.createSnapshot": ["disks.createSnapshot", "snapshots.create", "snapshots.setLabels", "snapshots.useReadOnly"]
}
const verbs: Readonly<Record<string, string>> = { insert: "create", wait: "get", patch: "update" }
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
    const source = filesBelow("daemon/clouds/gcp")
      .map((file) => readFileSync(join(root, file), "utf8"))
      .join("\n")
    const plain = [...source.matchAll(/"((?:[a-z]\w+)\.(?:[a-z]\w+))"/g)]
      .map(([, call]) => call!)
      .filter((call) =>
        /^(instances|disks|snapshots|firewalls|networks|subnetworks|projects|regions|machineTypes|images|zoneOperations|globalOperations)\./.test(
          call
        )
      )
    const told = [...source.matchAll(/"(stop|start|resume|delete|setLabels)"/g)].map(([, verb]) => `instances.${verb}`)
    const needed = [...plain, ...told]
      .filter((call) => !isFree(call))
      .flatMap((call) => {
        const [kind, verb = ""] = call.split(".")
        return also[call] ?? [`${kind}.${verbs[verb] ?? verb}`]
      })
    const all = Object.values({ ...permissions, ...morePermissions }).flat()
    expect(new Set(all)).toEqual(new Set(needed.map((name) => `compute.${name}`)))
  })
})
