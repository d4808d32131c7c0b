/** What a cluster's life takes of a project, by the least role that brings it; and what cannot be done without the rest. Pure. */
import { joined } from "../../../task/sentence.ts"

type Roles = Readonly<Record<string, ReadonlyArray<string>>>

/** What a cluster's life takes, by the least role that brings it. */
export const permissions: Roles = {
  "roles/compute.instanceAdmin.v1": [
    "compute.disks.create",
    "compute.disks.delete",
    "compute.disks.list",
    "compute.disks.setLabels",
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
export const morePermissions: Roles = {
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

const without: ReadonlyArray<readonly [what: string, permissions: ReadonlyArray<string>]> = [
  [
    "opening ports",
    ["compute.firewalls.create", "compute.firewalls.update", "compute.networks.updatePolicy", "compute.globalOperations.get"]
  ],
  ["closing ports", ["compute.firewalls.delete", "compute.networks.updatePolicy"]],
  [
    "making a network where none will do",
    ["compute.networks.create", "compute.firewalls.create", "compute.networks.updatePolicy", "compute.globalOperations.get"]
  ],
  [
    "copying disks",
    [
      "compute.disks.createSnapshot",
      "compute.snapshots.create",
      "compute.snapshots.get",
      "compute.snapshots.setLabels",
      "compute.snapshots.useReadOnly",
      "compute.globalOperations.get"
    ]
  ],
  ["removing what disks were copied by", ["compute.snapshots.delete"]],
  ["seeing the rules of ports that are left (sky leaks)", ["compute.firewalls.list"]],
  ["seeing the snapshots that are left (sky leaks)", ["compute.snapshots.list"]]
]

/** What is not possible for want of these. */
export const lostWithout = (lacks: ReadonlyArray<string>): string =>
  joined(without.flatMap(([what, permissions]) => (permissions.some((name) => lacks.includes(name)) ? [what] : [])))

/** The role that brings it, where it is one that a cluster takes. */
export const roleOf = (permission: string): string | undefined =>
  Object.entries({ ...permissions, ...morePermissions }).find(([, names]) => names.includes(permission))?.[0]
