/**
 * What IAM demands of who makes a call, as Google documents it beside each method ("Authorization requires …"): the right of the method's own
 * name, and one for each thing that a body sets or uses. Nothing of skyd's is asked here.
 */
const verbs = { insert: "create", bulkInsert: "create", wait: "get", patch: "update", aggregatedList: "list" }

const some = (list) => (list?.length ?? 0) > 0 || (list !== undefined && Object.keys(list).length > 0)
/** Of things that projects share with everybody nobody needs a right. */
const isOwn = (link, project) => !/projects\/([^/]+)\//.test(link) || new RegExp(`projects/${project}/`).test(link)

const ofDisk = (project, { initializeParams: made, source }) =>
  made === undefined
    ? source === undefined
      ? []
      : ["disks.use"]
    : [
        "disks.create",
        ...(some(made.labels) ? ["disks.setLabels"] : []),
        ...(made.sourceSnapshot !== undefined ? ["snapshots.useReadOnly"] : []),
        ...(made.sourceImage !== undefined && isOwn(made.sourceImage, project) ? ["images.useReadOnly"] : [])
      ]

const ofInterface = ({ accessConfigs, subnetwork }) => {
  const kind = subnetwork === undefined ? "networks" : "subnetworks"
  return [`${kind}.use`, ...(some(accessConfigs) ? [`${kind}.useExternalIp`] : [])]
}

const ofMachines = (project, { disks = [], labels, metadata, networkInterfaces = [], serviceAccounts, sourceMachineImage, tags }) => [
  ...disks.flatMap((disk) => ofDisk(project, disk)),
  ...networkInterfaces.flatMap(ofInterface),
  ...(sourceMachineImage !== undefined ? ["disks.create", "machineImages.useReadOnly"] : []),
  ...(some(labels) ? ["instances.setLabels"] : []),
  ...(some(metadata?.items) ? ["instances.setMetadata"] : []),
  ...(some(tags?.items) ? ["instances.setTags"] : []),
  ...(some(serviceAccounts) ? ["instances.setServiceAccount"] : [])
]

const besides = {
  "instances.insert": (body, project) => ofMachines(project, body),
  "instances.bulkInsert": ({ instanceProperties = {} }, project) => ofMachines(project, instanceProperties),
  "disks.createSnapshot": ({ labels }) => ["snapshots.create", ...(some(labels) ? ["snapshots.setLabels"] : [])],
  "disks.insert": ({ labels }) => (some(labels) ? ["disks.setLabels"] : []),
  "firewalls.insert": () => ["networks.updatePolicy"],
  "firewalls.patch": () => ["networks.updatePolicy"],
  "firewalls.update": () => ["networks.updatePolicy"],
  "firewalls.delete": () => ["networks.updatePolicy"]
}

/** With `compute.` before each. */
export const rightsOf = (action, project, body) => {
  const [kind, verb] = action.split(".")
  const own = `${kind}.${verbs[verb] ?? verb}`
  return [...new Set([own, ...(besides[action]?.(body ?? {}, project) ?? [])])].map((name) => `compute.${name}`)
}
