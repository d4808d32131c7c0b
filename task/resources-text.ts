/** Needs as people read them: `AWS(p3.2xlarge[Spot], {'V100': 1}, ports=['80'])`. Where it is to be stands only in the longer form. */
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

const parts = (need: Need, args: string | undefined): ReadonlyArray<string> => {
  const spot = need.use_spot ? "[Spot]" : ""
  const { accelerators, image_id: images } = need
  const image = images && (images[anyRegion] ?? literal(images))
  return [
    `${need.instance_type ?? ""}${spot}`,
    need.cpus && `cpus=${need.cpus}`,
    need.memory && `mem=${need.memory}`,
    accelerators && literal(accelerators),
    accelerators && args && `accelerator_args=${args}`,
    image && `image_id=${image}`,
    need.disk_tier && `disk_tier=${need.disk_tier}`,
    need.disk_size && `disk_size=${need.disk_size}`,
    need.ports && `ports=${literal(need.ports)}`
  ].filter((part) => part !== undefined && part !== "") as ReadonlyArray<string>
}

const named = ({ cloud }: Need) => (cloud === undefined ? "<Cloud>" : cloudDisplay(cloud))
const argsOf = ({ accelerator_args: args }: Need) => args && literal(args)

export const needText = (need: Need): string => `${named(need)}(${parts(need, argsOf(need)).join(", ")})`

export const placedNeedText = (need: Need): string => {
  const place = (["region", "zone"] as const).filter((key) => need[key] !== undefined).map((key) => `${key}=${need[key]}`)
  return `${named(need)}(${[...parts(need, argsOf(need)), ...place].join(", ")})`
}

/** The cell RESOURCES of a table. */
export const cellText = (nodes: number, need: Need): string =>
  `${nodes}x ${named(need)}(${parts(need, need.accelerator_args && "...").join(", ")})`
