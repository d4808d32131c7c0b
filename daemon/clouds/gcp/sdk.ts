/**
 * Of Google's client what is called here: a file for each kind of thing, for as a whole it takes a second and as much memory as the daemon
 * twice. A bundle of its own, `gcp-sdk.cjs`, loaded when somebody has credentials and asks.
 */
import { DisksClient } from "@google-cloud/compute/build/src/v1/disks_client.js"
import { FirewallsClient } from "@google-cloud/compute/build/src/v1/firewalls_client.js"
import { GlobalOperationsClient } from "@google-cloud/compute/build/src/v1/global_operations_client.js"
import { ImagesClient } from "@google-cloud/compute/build/src/v1/images_client.js"
import { InstancesClient } from "@google-cloud/compute/build/src/v1/instances_client.js"
import { MachineTypesClient } from "@google-cloud/compute/build/src/v1/machine_types_client.js"
import { NetworksClient } from "@google-cloud/compute/build/src/v1/networks_client.js"
import { ProjectsClient } from "@google-cloud/compute/build/src/v1/projects_client.js"
import { RegionsClient } from "@google-cloud/compute/build/src/v1/regions_client.js"
import { SnapshotsClient } from "@google-cloud/compute/build/src/v1/snapshots_client.js"
import { SubnetworksClient } from "@google-cloud/compute/build/src/v1/subnetworks_client.js"
import { ZoneOperationsClient } from "@google-cloud/compute/build/src/v1/zone_operations_client.js"

export { default as fetch } from "node-fetch"

export const clients = {
  disks: DisksClient,
  firewalls: FirewallsClient,
  globalOperations: GlobalOperationsClient,
  images: ImagesClient,
  instances: InstancesClient,
  machineTypes: MachineTypesClient,
  networks: NetworksClient,
  projects: ProjectsClient,
  regions: RegionsClient,
  snapshots: SnapshotsClient,
  subnetworks: SubnetworksClient,
  zoneOperations: ZoneOperationsClient
}
