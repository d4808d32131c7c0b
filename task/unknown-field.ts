/** Fields that stand where none of their name may: what was meant by them, or that SkyPilot has them and we do not yet. Pure. */
import type * as Schema from "effect/Schema"
import { diskTiers } from "./disk.ts"
import { didYouMean, meantText } from "./near.ts"
import { fieldsAt } from "./schema-at.ts"

/** SkyPilot's fields that this version does not know: `PARENT.NAME` where another place has one of that name. */
const later: ReadonlySet<string> = new Set(
  `storage volumes volume_mounts pool workspace file_mounts_mapping managed_secrets api_server_access
  network_tier local_disk priority priority_class max_hourly_cost hooks gcp_queued_resource
  autostop.wait_for autostop.hook autostop.hook_timeout mount_options file_mounts.*.type file_mounts.*.config
  service.load_balancing_policy service.load_balancer service.ports service.tls service.workers
  endpoint_probe_interval_seconds consecutive_failure_threshold_timeout num_overprovision spot_placer`.split(/\s+/)
)

/** The field that is nearly written so, or those of which it is a part: `disk` may be `disk_size` or `disk_tier`. */
const nearOf = (name: string, fields: ReadonlyArray<string>): ReadonlyArray<string> => {
  const near = fields.includes(name) ? name : didYouMean(name, fields)
  return near === undefined ? fields.filter((field) => field.split("_").includes(name)) : [near]
}

/** A sentence about the last of the names, which the schema has not there. `within` is what the mapping is called that holds it. */
export const unknownField = (schema: Schema.Top, path: ReadonlyArray<string>, within = path.slice(0, -1).join(".")): string => {
  const name = path.at(-1) ?? ""
  const parents = path.slice(0, -1)
  const where = within === "" ? "" : ` in ${within}`
  const parent = parents.at(-2) === "file_mounts" ? "file_mounts.*" : parents.at(-1)
  if (later.has(name) || later.has(`${parent}.${name}`)) return `field '${name}'${where} is not supported yet.`
  const here = nearOf(name, fieldsAt(schema, parents))
  const inner = () => nearOf(name, fieldsAt(schema, [...parents, "resources"])).map((field) => `resources.${field}`)
  const near = here.length > 0 ? here : inner()
  return `unknown field '${name}'${where}.${near.length > 0 ? ` ${meantText(near)}` : ""}`
}

/** What newer releases take in a field that we have, so that it is not taken for a mistake. */
export const notYet = (path: ReadonlyArray<string>, value: unknown): string | undefined => {
  const name = path.at(-1)
  if (name === "workdir" && typeof value === "object" && value !== null && "url" in value)
    return "a git repository is not supported yet: clone it in setup, or name a folder"
  const isWord = (name === "mode" && /^mount_cached$/i.test(String(value))) || (name === "disk_tier" && /^ultra$/i.test(String(value)))
  if (!isWord) return undefined
  return `'${value}' is not supported yet${name === "disk_tier" ? `: there are ${diskTiers.join(", ")}` : ""}`
}
