/** The shapes of Compute Engine's own words. */
import type { protos } from "@google-cloud/compute"

export type Instance = protos.google.cloud.compute.v1.IInstance
export type Operation = protos.google.cloud.compute.v1.IOperation
export type Subnetwork = protos.google.cloud.compute.v1.ISubnetwork
export type Firewall = protos.google.cloud.compute.v1.IFirewall
export type EffectiveFirewalls = protos.google.cloud.compute.v1.INetworksGetEffectiveFirewallsResponse
export type InstanceProperties = protos.google.cloud.compute.v1.IInstanceProperties
export type BulkInsert = protos.google.cloud.compute.v1.IBulkInsertInstanceResource

/** `projects/p/zones/z/diskTypes/pd-ssd` is `pd-ssd`. */
export const lastPart = (link: string | null | undefined): string => (link ?? "").split("/").at(-1) ?? ""

export const regionOf = (zone: string): string => zone.replace(/-[a-z]+$/, "")
