/** What AWS offers for a task: a place for each zone, in the order in which they are tried. Pure. */
import type { Instance } from "@aws-sdk/client-ec2"
import type { Offer } from "../../../events/values.ts"
import { alternativesOf } from "../../../task/alternatives.ts"
import { dockerImage } from "../../../task/images.ts"
import type { Task } from "../../../task/Task.ts"
import type { Catalog } from "../../catalog/Catalog.ts"
import { placesOf } from "../../optimizer/blocks.ts"
import { type Look, optimize } from "../../optimizer/optimize.ts"
import { wantText } from "../../optimizer/want.ts"
import type { Offered } from "../Cloud.ts"
import type { Label } from "./tags.ts"

const nearMax = 5

const reasonOf = ({ lacks, mismatch, near, need }: Look): string => {
  if (mismatch !== undefined || lacks !== undefined) return `AWS: ${(mismatch ?? lacks)!.replace(/\.$/, "")}`
  return `AWS has no ${wantText(need)}${near.length === 0 ? "" : `; it has ${near.slice(0, nearMax).join(", ")}`}`
}

const docker = "docker images are not run on AWS by this version"

export const offersOf = (
  catalog: Catalog | undefined,
  { num_nodes: numNodes, resources }: Pick<Task, "num_nodes" | "resources">,
  mayUse: (region: string) => boolean = () => true
): Offered => {
  if (catalog === undefined) return { offers: [], reason: "the list of AWS's offers cannot be read" }
  const { items, kind } = alternativesOf(resources)
  const own = items.filter(({ cloud }) => cloud === undefined || cloud === "aws")
  const needs = own.filter(({ image_id: images }) => dockerImage(images) === undefined)
  if (needs.length === 0) return { offers: [], reason: docker, lacks: own.length > 0 }
  const { looks, ranked } = optimize({ needs: { kind, items: needs }, numNodes: numNodes ?? 1 }, [catalog])
  // One zone at a time: a token of EC2's is a zone's own, so that what was asked for is found there and nowhere else.
  const each = placesOf(ranked)
  const offers = each.filter(({ region }) => mayUse(region ?? ""))
  if (offers.length > 0) return { offers, reason: null }
  if (each.length > 0) return { offers, reason: "aws.ssh_proxy_command of config.yaml names none of the regions that have it" }
  return { offers: [], reason: [...new Set(looks.map(reasonOf))].join("; ") || "AWS has nothing of the kind" }
}

/** What a machine that is there was offered as, and costs by the list of today. What the list has not costs what nobody knows. */
export const offerOf = (
  catalog: Catalog | undefined,
  { InstanceLifecycle, InstanceType, Placement }: Instance,
  region: string,
  { accelerators }: Pick<Label, "accelerators">
): Offer => {
  const useSpot = InstanceLifecycle === "spot"
  const zone = Placement?.AvailabilityZone ?? null
  const infra = zone === null ? `aws/${region}` : `aws/${region}/${zone}`
  const wish = { infra, use_spot: useSpot, ...(InstanceType !== undefined && { instance_type: InstanceType }) }
  const listed = catalog && offersOf(catalog, { resources: wish }).offers[0]
  const unlisted = { instanceType: InstanceType ?? null, cpus: 0, memoryGib: 0, accelerators, useSpot, usdPerHour: 0, catalog: null }
  return { ...(listed ?? { cloud: "aws", ...unlisted }), region, zone }
}
