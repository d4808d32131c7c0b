/** Google's clients, a file for each kind of thing, each loaded and made when it is first used. */

const clients = {
  disks: async () => (await import("@google-cloud/compute/build/src/v1/disks_client.js")).DisksClient,
  firewalls: async () => (await import("@google-cloud/compute/build/src/v1/firewalls_client.js")).FirewallsClient,
  globalOperations: async () => (await import("@google-cloud/compute/build/src/v1/global_operations_client.js")).GlobalOperationsClient,
  images: async () => (await import("@google-cloud/compute/build/src/v1/images_client.js")).ImagesClient,
  instances: async () => (await import("@google-cloud/compute/build/src/v1/instances_client.js")).InstancesClient,
  machineTypes: async () => (await import("@google-cloud/compute/build/src/v1/machine_types_client.js")).MachineTypesClient,
  networks: async () => (await import("@google-cloud/compute/build/src/v1/networks_client.js")).NetworksClient,
  projects: async () => (await import("@google-cloud/compute/build/src/v1/projects_client.js")).ProjectsClient,
  regions: async () => (await import("@google-cloud/compute/build/src/v1/regions_client.js")).RegionsClient,
  snapshots: async () => (await import("@google-cloud/compute/build/src/v1/snapshots_client.js")).SnapshotsClient,
  subnetworks: async () => (await import("@google-cloud/compute/build/src/v1/subnetworks_client.js")).SubnetworksClient,
  zoneOperations: async () => (await import("@google-cloud/compute/build/src/v1/zone_operations_client.js")).ZoneOperationsClient
}
export type Clients = { readonly [K in keyof typeof clients]: () => Promise<InstanceType<Awaited<ReturnType<(typeof clients)[K]>>>> }

const endpoint = (): { apiEndpoint?: string; protocol?: string; port?: number } => {
  const own = process.env["CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE"]
  if (!own) return {}
  const { hostname, port, protocol } = new URL(own)
  return { apiEndpoint: hostname, protocol: protocol.slice(0, -1), ...(port !== "" && { port: Number(port) }) }
}

/** `own`: what all of them are told. */
export const openClients = (own: object): Clients => {
  const made = new Map<string, Promise<unknown>>()
  const open = async (name: keyof typeof clients) => {
    const Client = (await clients[name]()) as new (options: object) => unknown
    return new Client({ ...endpoint(), ...own })
  }
  const of = (name: keyof typeof clients) => () => {
    const known = made.get(name) ?? open(name)
    made.set(name, known)
    return known
  }
  return Object.fromEntries(Object.keys(clients).map((name) => [name, of(name as keyof typeof clients)])) as unknown as Clients
}
