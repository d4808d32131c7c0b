/** What clusters leave behind on Compute Engine: disks that no machine has, what they were copied by, and the rules that opened ports. */
import * as Effect from "effect/Effect"
import { unlookedTexts } from "../../rented/unlooked.ts"
import type { Remnant } from "../Remnant.ts"
import { lastPart, regionOf } from "./api.ts"
import type { Gcp } from "./client.ts"
import { type Clones, nameOf } from "./clones.ts"
import { isSilence } from "./Instances.ts"
import { asLabel, labelNames, ownerInRule, ownerOf } from "./names.ts"
import { begunAs, type Operations } from "./operations.ts"
import type { Ports } from "./ports.ts"

const madeAtMs = (stamp: string | null | undefined) => Date.parse(stamp ?? "") || null

export const makeRemnants = (gcp: Gcp, operations: Operations, ports: Ports, clones: Clones) => {
  const filterFor = (log: string | null) => (log === null ? `labels.${labelNames.log}:*` : `labels.${labelNames.log} = "${asLabel(log)}"`)
  interface Look {
    readonly some: ReadonlyArray<Remnant>
    readonly unclear: ReadonlyArray<string>
  }
  const whole = (some: ReadonlyArray<Remnant>): Look => ({ some, unclear: [] })
  const snapshots = (log: string | null) =>
    gcp.ask("snapshots.list", "", async ({ project, snapshots: client }, options) => {
      const found: Array<Remnant> = []
      for await (const { creationTimestamp, labels, name } of (await client()).listAsync({ project, filter: filterFor(log) }, options)) {
        const tags = ownerOf(labels ?? {})
        if (tags === null) continue
        const isCopy = name === nameOf(tags.cluster)
        const remnant = { kind: "snapshot", id: name!, region: null, tags, madeAtMs: madeAtMs(creationTimestamp) } as const
        found.push({ ...remnant, ...(isCopy && { isCopy }) })
      }
      return whole(found)
    })
  const disks = (log: string | null) =>
    gcp.ask("disks.aggregatedList", "", async ({ disks: client, project }, options) => {
      const found: Array<Remnant> = []
      const silent = new Map<string, string>()
      const request = { project, filter: filterFor(log) }
      for await (const [scope, { disks: some, warning }] of (await client()).aggregatedListAsync(request, options)) {
        if (isSilence(warning)) silent.set(lastPart(scope), warning.message ?? warning.code)
        for (const { creationTimestamp, labels, name, users, zone } of some ?? []) {
          const tags = ownerOf(labels ?? {})
          const at = lastPart(zone)
          // One that a machine has goes with it.
          if (tags === null || (users ?? []).length > 0) continue
          found.push({ kind: "disk", id: `${at}/${name}`, region: regionOf(at), tags, madeAtMs: madeAtMs(creationTimestamp) })
        }
      }
      return {
        some: found,
        unclear: unlookedTexts(
          [...silent].map(([place, why]) => ({ place, what: "disks", why })),
          "zone"
        )
      }
    })
  const rules = (log: string | null) =>
    gcp.ask("firewalls.list", "", async ({ firewalls, project }, options) => {
      const found: Array<Remnant> = []
      for await (const { creationTimestamp, description, name } of (await firewalls()).listAsync({ project }, options)) {
        const tags = ownerInRule(description ?? "")
        if (tags !== null && (log === null || tags.log === log))
          found.push({ kind: "group", kindThere: "rule", id: name!, region: null, tags, madeAtMs: madeAtMs(creationTimestamp) })
      }
      return whole(found)
    })

  const removeDisk = (zone: string, disk: string) =>
    operations.gone(
      gcp.ask("disks.delete", zone, async ({ disks: client, project }, options) =>
        begunAs(await (await client()).delete({ project, zone, disk }, options))
      )
    )

  return {
    /** What may not be listed is said, and the rest is told all the same. */
    of: Effect.fn("Remnants.of")(function* (log: string | null) {
      const looks = [["disks", disks(log)] as const, ["snapshots", snapshots(log)] as const, ["firewall rules", rules(log)] as const]
      const found = yield* Effect.forEach(
        looks,
        ([what, look]) =>
          Effect.catch(look, ({ message }) => Effect.succeed<Look>({ some: [], unclear: [`${what} are not looked at: ${message}`] })),
        { concurrency: "unbounded" }
      )
      return { remnants: found.flatMap(({ some }) => some), unclear: found.flatMap(({ unclear }) => unclear) }
    }),
    remove: ({ id, kind, tags }: Remnant) => {
      const [zone = "", disk = ""] = id.split("/")
      if (kind === "snapshot") return clones.remove(id)
      return kind === "disk" ? removeDisk(zone, disk) : ports.close(tags.cluster)
    }
  }
}
export type Remnants = ReturnType<typeof makeRemnants>
