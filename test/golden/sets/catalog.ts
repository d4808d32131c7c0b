/** Single looks into the lists: types, prices, places, what goes with what. */
import * as Result from "effect/Result"
import { machinesFor } from "../../../daemon/optimizer/instance-types.ts"
import { checkPlace } from "../../../task/check-place.ts"
import { isTag, tagOf } from "../../../task/images.ts"
import type { Need } from "../../../task/Need.ts"
import { present } from "../../../task/present.ts"
import type { Answer, GoldenCase, GoldenSet } from "../GoldenSet.ts"
import { sameMeaning } from "../GoldenSet.ts"
import { view, viewed } from "../view.ts"
import { catalogRules } from "./catalog-rules.ts"
import { isRefused, needOfKwargs } from "./resources.ts"

interface Input {
  readonly op: string
  readonly cloud: "aws" | "gcp"
  readonly cpus?: string | null
  readonly memory?: string | null
  readonly instance_type?: string
  readonly name?: string
  readonly count?: number
  readonly use_spot?: boolean
  readonly region?: string | null
  readonly zone?: string | null
  readonly tag?: string
  readonly accelerators?: Readonly<Record<string, number>> | null
}

const refused = (message: string, error = "ValueError", about: ReadonlyArray<string> = []) => ({
  error: { classes: [error], message, about }
})

const goodsOf = ({ instance_type: instanceType, region, use_spot, zone }: Input) => ({
  instanceType,
  useSpot: use_spot ?? false,
  region: region?.toLowerCase() ?? undefined,
  zone: zone ?? undefined
})

type Look = (input: Input) => Answer

const machines = (input: Input) => {
  const { cloud, count, cpus, memory, name, region, use_spot, zone } = input
  const accelerators = name === undefined ? undefined : { [name]: count! }
  const need = needOfKwargs({ cpus, memory, use_spot })
  if (isRefused(need)) return need
  // Asked so, a TPU is a node of its own beside its host.
  const args = name?.startsWith("tpu-") ? { tpu_vm: false } : undefined
  return machinesFor(viewed[cloud], present<Need>({ ...need, accelerators, accelerator_args: args, region, zone }))
}

const looks: Readonly<Record<string, Look>> = {
  default_instance_type: (input) => {
    const found = machines(input)
    return isRefused(found) ? found : { out: found.types[0]?.name ?? null }
  },
  instance_types_for_accelerator: (input) => {
    const found = machines(input)
    return isRefused(found) ? found : { out: { instance_types: found.types.map(({ name }) => name), fuzzy: found.near } }
  },
  hourly_cost: (input) => {
    const usd = viewed[input.cloud].usdPerHour(goodsOf(input))
    return usd === undefined ? refused(`${input.instance_type} cannot be had so`) : { out: usd }
  },
  vcpus_mem: ({ cloud, instance_type }) => {
    const type = viewed[cloud].instanceType(instance_type!)
    return type === undefined ? refused(`no type ${instance_type}`) : { out: [type.vcpus, type.memoryGib] }
  },
  accelerators_of_type: ({ cloud, instance_type }) => {
    const own = viewed[cloud].instanceType(instance_type!)?.accelerators
    return { out: own ? { [own.name]: own.count } : null }
  },
  instance_type_exists: ({ cloud, instance_type }) => ({ out: viewed[cloud].instanceType(instance_type!) !== undefined }),
  region_zones_of_type: (input) => ({ out: viewed[input.cloud].places(goodsOf(input)) }),
  region_zones_of_accelerator: (input) => ({
    out: viewed[input.cloud].places({ ...goodsOf(input), instanceType: "TPU-VM", accelerators: { name: input.name!, count: input.count! } })
  }),
  accelerator_hourly_cost: (input) => ({
    out: viewed[input.cloud].usdPerHour({
      ...goodsOf(input),
      instanceType: "TPU-VM",
      accelerators: { name: input.name!, count: input.count! }
    })
  }),
  validate_region_zone: ({ cloud, region, zone }) => {
    const checked = checkPlace(present<Need>({ cloud, region, zone }), view, [cloud])
    if (Result.isFailure(checked)) return refused(checked.failure.message, checked.failure.error, checked.failure.near)
    return { out: [checked.success.region ?? null, checked.success.zone ?? null] }
  },
  image_tag_valid: ({ cloud, region, tag = "" }) => ({
    out: isTag(tag) && viewed[cloud].imageTags.includes(tagOf(tag)) && (!region || viewed[cloud].regions.includes(region))
  }),
  gcp_attachable: ({ accelerators, instance_type, zone }) => {
    const need = present<Need>({ instance_type, accelerators, zone })
    const { mismatch } = machinesFor(viewed.gcp, need)
    return mismatch === undefined ? { out: true } : refused(mismatch, "ResourcesMismatchError")
  }
}

/** Types that cost the same stand in any order. */
const isAsGood = ({ in: input, out, ...golden }: GoldenCase & Equal, ours: unknown): boolean => {
  if (input.op === "default_instance_type" && golden.equally_good?.includes(String(ours))) return true
  if (input.op !== "instance_types_for_accelerator") return sameMeaning(out, ours)
  const first = (name: string) => golden.equally_good_groups?.find((group) => group.includes(name))?.[0] ?? name
  const plain = (found: typeof out) => ({ types: (found.instance_types ?? []).map(first), fuzzy: [...found.fuzzy].sort() })
  return sameMeaning(plain(out), plain(ours))
}
interface Equal {
  readonly equally_good?: ReadonlyArray<string>
  readonly equally_good_groups?: ReadonlyArray<ReadonlyArray<string>>
}

const answer = (input: Input): Answer => looks[input.op]!(input)

export const catalog: GoldenSet = { name: "catalog", answer, isAsGood, rules: catalogRules }
