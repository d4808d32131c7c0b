/** Needs as people read them: `AWS(p3.2xlarge[Spot], {'V100': 1}, ports=['80'])`. Where it is to be stands only in the longer form. */
import { acceleratorsText } from "./accelerators.ts"
import { cloudDisplay } from "./clouds.ts"
import { anyRegion } from "./images.ts"
import type { Need } from "./Need.ts"

const literal = (value: unknown): string => {
  if (typeof value === "string") return `'${value}'`
  if (typeof value === "boolean") return value ? "True" : "False"
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`
  if (typeof value !== "object" || value === null) return String(value)
  return `{${Object.entries(value)
    .map(([key, inner]) => `'${key}': ${literal(inner)}`)
    .join(", ")}}`
}

const parts = (need: Need): ReadonlyArray<string> => {
  const spot = need.use_spot ? "[Spot]" : ""
  const { accelerator_args: args, accelerators, image_id: images } = need
  const image = images && (images[anyRegion] ?? literal(images))
  return [
    `${need.instance_type ?? ""}${spot}`,
    need.cpus && `cpus=${need.cpus}`,
    need.memory && `mem=${need.memory}`,
    accelerators && literal(accelerators),
    accelerators && args && `accelerator_args=${literal(args)}`,
    image && `image_id=${image}`,
    need.disk_tier && `disk_tier=${need.disk_tier}`,
    need.disk_size && `disk_size=${need.disk_size}`,
    need.ports && `ports=${literal(need.ports)}`
  ].filter((part) => part !== undefined && part !== "") as ReadonlyArray<string>
}

const named = ({ cloud }: Need) => (cloud === undefined ? "<Cloud>" : cloudDisplay(cloud))

export const needText = (need: Need): string => `${named(need)}(${parts(need).join(", ")})`

/** In words, for sentences: `AWS us-east-1 spot V100:2`. */
export const needInWords = (need: Need): string => {
  const { accelerators, cloud, disk_tier: tier, image_id: images, instance_type: type, ports, region, use_spot: spot, zone } = need
  const place = [cloud && cloudDisplay(cloud), zone ?? region].filter(Boolean).join(" ")
  const image = images && (images[anyRegion] ?? Object.values(images).join(", "))
  const count = accelerators && acceleratorsText(accelerators)
  const words = [
    place,
    type,
    spot === undefined ? undefined : spot ? "spot" : "on-demand",
    count,
    image && `image ${image}`,
    tier && `disk tier ${tier}`,
    ports && `ports ${ports.join(", ")}`
  ]
  return words.filter(Boolean).join(" ") || "any machine"
}

export const placedNeedText = (need: Need): string => {
  const place = (["region", "zone"] as const).filter((key) => need[key] !== undefined).map((key) => `${key}=${need[key]}`)
  return `${named(need)}(${[...parts(need), ...place].join(", ")})`
}
