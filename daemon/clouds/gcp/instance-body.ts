/** A request as Compute Engine takes it: machines of one kind for ranks, all or none of them; or one from a machine that was kept. Pure. */
import type { NodeToken } from "../../../events/ids.ts"
import { type DiskTier, diskGibDefault } from "../../../task/disk.ts"
import { gcpLabelProblem } from "../../catalog/labels.ts"
import { ranksText } from "../../rented/ranks.ts"
import type { CloudError } from "../Cloud.ts"
import type { ProvisionRequest } from "../ProvisionRequest.ts"
import type { BulkInsert, Instance, InstanceProperties } from "./api.ts"
import { diskType } from "./disk.ts"
import { refusedBy } from "./errors.ts"
import type { Root } from "./images.ts"
import { instanceName, labelsOf, metadataOf, requestIdOf } from "./names.ts"
import type { Place } from "./network.ts"
import { computeScope } from "./self-delete.ts"

/**
 * An id for a request: which ranks were asked for is a part of it, and so is how often it was, where what was accepted was not carried out.
 */
export const requestId = (token: NodeToken, ranks: ReadonlyArray<number>, attempt = 0): string =>
  requestIdOf(`${token} ${ranksText(ranks)} ${attempt}`)

export interface Parts {
  readonly request: ProvisionRequest
  readonly project: string
  readonly root: Root
  readonly place: Place
  /** By which the cluster's own rule finds its machines. */
  readonly portsTag: string | null
  readonly folder: string
  /** Who logs in, as `ubuntu:ssh-ed25519 AAAA…`. */
  readonly sshKeys: string
  readonly userData: string
  readonly labels: Readonly<Record<string, string>>
  readonly useInternalIps: boolean
  /** By whose right a machine ends itself. */
  readonly serviceAccount: string | null
}

/** Cards that are put into a machine of the user's choice; others come with theirs. */
const attached: Readonly<Record<string, string>> = {
  K80: "nvidia-tesla-k80",
  P4: "nvidia-tesla-p4",
  P100: "nvidia-tesla-p100",
  T4: "nvidia-tesla-t4",
  V100: "nvidia-tesla-v100"
}
const attachedType = (instanceType: string, accelerator: string): string | undefined =>
  instanceType.startsWith("n1-") ? attached[accelerator] : undefined

/** One that is ended when GCP wants it back; it can be stopped all the same. */
const spot = { provisioningModel: "SPOT", instanceTerminationAction: "DELETE", onHostMaintenance: "TERMINATE", automaticRestart: false }

/** Without a GPU as well. */
const doNotMigrate = /^(h3|h4d|x4|z3)-|-metal/

/** What one machine has of it; links where a single one is made, names where several are. */
const common = (parts: Parts) => {
  const { folder, labels: own, place, portsTag, project, request, serviceAccount, sshKeys, useInternalIps, userData } = parts
  const { machine = {}, offer } = request
  const items = Object.entries({
    ...metadataOf(request),
    "ssh-keys": sshKeys,
    "enable-oslogin": "FALSE",
    "block-project-ssh-keys": "TRUE",
    "user-data": userData,
    ...(offer.accelerators !== null && { "install-nvidia-driver": "True" })
  }).map(([key, value]) => ({ key, value }))
  const labels = { ...own, ...machine.labels, ...labelsOf(request, folder) }
  const nic = {
    network: `projects/${project}/global/networks/${place.network}`,
    subnetwork: `projects/${project}/regions/${offer.region}/subnetworks/${place.subnetwork}`,
    ...(!useInternalIps && { accessConfigs: [{ name: "External NAT", type: "ONE_TO_ONE_NAT" }] })
  }
  const stays = offer.accelerators !== null || doNotMigrate.test(offer.instanceType!)
  const scheduling = offer.useSpot ? spot : stays ? { onHostMaintenance: "TERMINATE", automaticRestart: true } : null
  return {
    labels,
    metadata: { items },
    networkInterfaces: [nic],
    ...(portsTag !== null && { tags: { items: [portsTag] } }),
    ...(serviceAccount !== null && { serviceAccounts: [{ email: serviceAccount, scopes: [computeScope] }] }),
    ...(scheduling !== null && { scheduling })
  }
}

const cardsOf = ({ accelerators, instanceType }: ProvisionRequest["offer"], link: (kind: string, name: string) => string) => {
  const type = accelerators === null ? undefined : attachedType(instanceType!, accelerators.name)
  return type === undefined
    ? {}
    : { guestAccelerators: [{ acceleratorType: link("acceleratorTypes", type), acceleratorCount: accelerators!.count }] }
}

const problemOf = ({ labels, request }: Parts): CloudError | null => {
  const said = gcpLabelProblem({ ...labels, ...request.machine?.labels })
  if (said !== undefined) return refusedBy("labelInvalid", said)
  const { accelerators, instanceType } = request.offer
  // Without its card it would cost as much, and be of no use.
  const lacksCard = accelerators !== null && instanceType!.startsWith("n1-") && attachedType(instanceType!, accelerators.name) === undefined
  return lacksCard ? refusedBy("INVALID_USAGE", `${accelerators!.name} cannot be put into a machine of the kind ${instanceType}`) : null
}

export const bulkBody = (parts: Parts, ranks: ReadonlyArray<number>): BulkInsert | CloudError => {
  const { request, root } = parts
  const { machine = {}, offer, tags, token } = request
  const problem = problemOf(parts)
  if (problem !== null) return problem
  const base = common(parts)
  if (machine.diskGib !== undefined && machine.diskGib < root.gib) {
    const what = root.kind === "snapshot" ? "the disk that is copied" : `the image ${root.link}`
    return refusedBy("DISK_SMALLER_THAN_IMAGE", `${what} needs ${root.gib} GiB, disk_size is ${machine.diskGib}`)
  }
  const gib = Math.max(machine.diskGib ?? diskGibDefault, root.gib)
  const instanceProperties: InstanceProperties = {
    ...base,
    ...cardsOf(offer, (_, name) => name),
    machineType: offer.instanceType!,
    disks: [
      {
        boot: true,
        autoDelete: true,
        initializeParams: {
          ...(root.kind === "snapshot" ? { sourceSnapshot: root.link } : { sourceImage: root.link }),
          diskSizeGb: `${gib}`,
          diskType: diskType(machine.diskTier as DiskTier | undefined, offer.instanceType!),
          labels: base.labels
        }
      }
    ]
  }
  const names = ranks.map((rank) => instanceName(tags.clusterName, token, rank))
  return {
    count: ranks.length,
    minCount: ranks.length,
    perInstanceProperties: Object.fromEntries(names.map((name) => [name, {}])),
    instanceProperties
  }
}

/** Its disks are those of the machine that was kept. */
export const instanceBody = (parts: Parts, rank: number): Instance | CloudError => {
  const { request, root } = parts
  const { machine = {}, offer, tags, token } = request
  if (machine.diskGib !== undefined || machine.diskTier !== undefined)
    return refusedBy(
      "INVALID_USAGE",
      `the machine image ${root.link} has the disks that it was kept with: disk_size and disk_tier do not hold`
    )
  const link = (kind: string, name: string) => `zones/${offer.zone}/${kind}/${name}`
  return (
    problemOf(parts) ?? {
      ...common(parts),
      ...cardsOf(offer, link),
      name: instanceName(tags.clusterName, token, rank),
      machineType: link("machineTypes", offer.instanceType!),
      sourceMachineImage: root.link
    }
  )
}
