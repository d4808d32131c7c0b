/** Whether GCP can be used: whose the credentials are, whether the project has the API, and what they may do there. */
import * as Effect from "effect/Effect"
import { keptIdentity } from "../../rented/identity.ts"
import { makeSight } from "../../rented/sight.ts"
import type { Gcp } from "./client.ts"
import { hasSigns } from "./credentials.ts"

/** What a cluster's life takes, by the least role that brings it. */
export const permissions: Readonly<Record<string, ReadonlyArray<string>>> = {
  "roles/compute.instanceAdmin.v1": [
    "compute.disks.create",
    "compute.disks.delete",
    "compute.disks.list",
    "compute.instances.create",
    "compute.instances.delete",
    "compute.instances.get",
    "compute.instances.list",
    "compute.instances.resume",
    "compute.instances.setLabels",
    "compute.instances.setMetadata",
    "compute.instances.setTags",
    "compute.instances.start",
    "compute.instances.stop",
    "compute.machineTypes.get",
    "compute.projects.get",
    "compute.regions.get",
    "compute.subnetworks.list",
    "compute.subnetworks.use",
    "compute.subnetworks.useExternalIp",
    "compute.zoneOperations.get",
    "compute.zoneOperations.list"
  ],
  "roles/compute.networkViewer": ["compute.networks.get", "compute.networks.getEffectiveFirewalls"]
}
/** Where ports are opened, disks are copied, or no network will do; and where what is left of that is looked for. */
export const morePermissions: Readonly<Record<string, ReadonlyArray<string>>> = {
  "roles/compute.securityAdmin": [
    "compute.firewalls.create",
    "compute.firewalls.delete",
    "compute.firewalls.list",
    "compute.firewalls.update",
    "compute.networks.updatePolicy"
  ],
  "roles/compute.networkAdmin": ["compute.networks.create", "compute.globalOperations.get"],
  "roles/compute.storageAdmin": [
    "compute.disks.createSnapshot",
    "compute.snapshots.create",
    "compute.snapshots.delete",
    "compute.snapshots.get",
    "compute.snapshots.list",
    "compute.snapshots.setLabels",
    "compute.snapshots.useReadOnly"
  ]
}

const noCredentials =
  "there are no credentials: run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS and restart the daemon (sky daemon restart)"

export const makeAccess = (gcp: Gcp) => {
  const { identity, identityNow } = keptIdentity({
    hasSigns,
    fingerprint: gcp.fingerprint,
    ask: Effect.map(gcp.who, ({ account, project }) => [`${account} [project_id=${project}]`])
  })

  const lackingOf = Effect.fn("Access.lacking")(function* (roles: Readonly<Record<string, ReadonlyArray<string>>>) {
    const lacks = (yield* gcp.lacking(Object.values(roles).flat())) ?? []
    return Object.entries(roles).flatMap(([role, names]) => {
      const own = names.filter((name) => lacks.includes(name))
      return own.length === 0 ? [] : [`${own.join(", ")} (${role} brings ${own.length === 1 ? "it" : "them"})`]
    })
  })
  const see = Effect.gen(function* () {
    yield* identity
    const { project } = yield* gcp.who
    // Whether the API is enabled, and paid for, only a call of its own says.
    yield* gcp.ask("projects.get", "", async ({ projects }, options) => (await projects()).get({ project }, options))
    const lacks = yield* lackingOf(permissions)
    const warns = lacks.length > 0 ? [] : yield* lackingOf(morePermissions)
    const why = lacks.length === 0 ? null : `its credentials may not ${lacks.join("; nor ")} in ${project}`
    return { why, found: warns }
  })
  const { doubt, doubting, found, isForbidden, whyNot } = makeSight<ReadonlyArray<string>>({
    name: "GCP",
    hasSigns,
    noCredentials,
    fingerprint: gcp.fingerprint,
    see,
    isAnswer: ({ code, kind }) => kind === "Refused" && code !== "Credentials"
  })
  return {
    identity,
    identityNow,
    isForbidden,
    whyNot,
    doubt,
    doubting,
    warnings: Effect.sync(() =>
      (found() ?? []).map(
        (lack) =>
          `opening ports, copying disks, making a network where none will do or seeing all that sky leaks could is not possible: its credentials may not ${lack}`
      )
    )
  }
}
