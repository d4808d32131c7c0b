/**
 * What a machine starts from: the image that a task names, or the newest one of Ubuntu, with NVIDIA's driver for machines with GPUs. Which
 * that is, each region is asked: images age and are withdrawn. What was found holds for a while.
 */
import type { Image } from "@aws-sdk/client-ec2"
import * as Effect from "effect/Effect"
import type { Offer } from "../../../events/values.ts"
import { awsDriver, type Driver, noDriver, wayOnUndriven } from "../../../task/drivers.ts"
import { type Images, isTag, namedImage } from "../../../task/images.ts"
import type { Need } from "../../../task/Need.ts"
import type { Catalog } from "../../catalog/Catalog.ts"
import type { Arch } from "../../rented/arch.ts"
import { keptOf } from "../../rented/kept.ts"
import { CloudError } from "../Cloud.ts"
import type { Aws } from "./client.ts"
import { refusedBy } from "./errors.ts"
import { allPages } from "./pages.ts"

const keptFor = "6 hours"

/** Who publishes it, and under which names; of these the first that there is. */
interface Family {
  readonly owners: ReadonlyArray<string>
  readonly names: ReadonlyArray<string>
}

const words: { readonly [A in Arch]: string } = { x86_64: "amd64", arm64: "arm64" }
/** The ids of Canonical's accounts: elsewhere, in GovCloud, in China. */
const canonical = ["099720109477", "513442679011", "837727238323"]

const ubuntu = (arch: Arch): Family => ({
  owners: canonical,
  names: [
    `ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-${words[arch]}-server-*`,
    `ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-${words[arch]}-server-*`
  ]
})
/** What NVIDIA's open driver does not drive, which the others come with: chips from before Turing. */
const proprietary: Family = {
  owners: ["amazon"],
  names: ["22.04", "20.04"].map((version) => `Deep Learning Base Proprietary Nvidia Driver GPU AMI (Ubuntu ${version}) *`)
}
const gpu = (arch: Arch): Family => {
  const prefix = arch === "arm64" ? "Deep Learning ARM64 Base OSS" : "Deep Learning Base OSS"
  return { owners: ["amazon"], names: ["24.04", "22.04"].map((version) => `${prefix} Nvidia Driver GPU AMI (Ubuntu ${version}) *`) }
}
const neuron: Family = {
  owners: ["amazon"],
  names: ["24.04", "22.04"].map((version) => `Deep Learning Base Neuron AMI (Ubuntu ${version}) *`)
}

const byDriver: { readonly [D in Driver]: (arch: Arch) => Family } = { neuron: () => neuron, proprietary: () => proprietary, open: gpu }

/** Undefined: no public image drives it. */
export const familyFor = ({ accelerators }: Pick<Offer, "accelerators">, arch: Arch): Family | undefined => {
  if (accelerators === null) return ubuntu(arch)
  const driver = awsDriver(accelerators.name)
  return driver && byDriver[driver](arch)
}

/** Why what is in the list is not launched: without a driver it would cost as much, and be of no use. */
const undriven = ({ accelerators, image_id, instance_type: type = "" }: Need, catalog: Catalog): string | undefined => {
  const own = catalog.instanceType(type)?.accelerators?.name
  const names = Object.keys(accelerators ?? (own === undefined ? {} : { [own]: 1 }))
  const isNamed = image_id !== undefined && Object.values(image_id).some((id) => !isTag(id))
  const is = names.length > 0 && !isNamed && names.every((name) => awsDriver(name) === undefined)
  return is ? `AWS: ${noDriver(names)}` : undefined
}

/** As `offersOf` takes it. */
export const undrivenHere = { unable: undriven, wayOn: wayOnUndriven }

export interface Root {
  readonly imageId: string
  /** Read from the image: on some it is none of the usual names. */
  readonly device: string
  /** That it holds at least. */
  readonly gib: number
}

const deviceDefault = "/dev/sda1"

export const rootOf = (imageId: string, image: Image): Root => {
  const device = image.RootDeviceName ?? deviceDefault
  const disk = image.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === device)
  return { imageId, device, gib: disk?.Ebs?.VolumeSize ?? 0 }
}

/** By names as EC2 takes them: `*` is any text. */
const fits = (pattern: string, name: string) => {
  const [start = "", ...rest] = pattern.split("*")
  return name.startsWith(start) && (rest.length > 0 || name === start)
}

/** Of the first name that there are any of, the newest. */
export const newestOf = (images: ReadonlyArray<Image>, { names }: Family): Image | undefined => {
  for (const pattern of names) {
    const those = images.filter(({ Name }) => fits(pattern, Name ?? ""))
    const [newest] = those.toSorted((a, b) => (b.CreationDate ?? "").localeCompare(a.CreationDate ?? ""))
    if (newest !== undefined) return newest
  }
  return undefined
}

/** An image by the parameter of Systems Manager's that holds its id: that is another one from time to time. */
const byParameter = "resolve:ssm:"

export const makeImages = (aws: Aws) => {
  const found = Effect.fn("Images.found")(function* (region: string, family: Family, arch: Arch) {
    const Filters = [
      { Name: "name", Values: [...family.names] },
      { Name: "architecture", Values: [arch] },
      { Name: "state", Values: ["available"] }
    ]
    const pages = yield* allPages((from) =>
      aws.ask(region, "DescribeImages", (ec2, asked) => ec2.describeImages({ Owners: [...family.owners], Filters, ...from }, asked))
    )
    const image = newestOf(
      pages.flatMap(({ Images = [] }) => Images),
      family
    )
    if (image?.ImageId !== undefined) return rootOf(image.ImageId, image)
    const message = `there is no image called '${family.names.join("' or '")}' in ${region}: name one as image_id`
    return yield* refusedBy("InvalidAMIID.NotFound", message)
  })
  const heldBy = Effect.fn("Images.heldBy")(function* (region: string, name: string) {
    const { Parameters = [] } = yield* aws.parameters(region, (ssm, asked) => ssm.getParameters({ Names: [name] }, asked))
    const id = Parameters[0]?.Value
    return id ?? (yield* refusedBy("InvalidAMIID.NotFound", `there is no parameter '${name}' in ${region}`))
  })
  const named = Effect.fn("Images.named")(function* (region: string, id: string) {
    const { Images = [] } = yield* aws.ask(region, "DescribeImages", (ec2, asked) => ec2.describeImages({ ImageIds: [id] }, asked))
    const [image] = Images
    if (image === undefined) return yield* refusedBy("InvalidAMIID.NotFound", `there is no image '${id}' in ${region}`)
    return rootOf(id, image)
  })
  const lookup = (key: string): Effect.Effect<Root, CloudError> => {
    const [region, id, arch, accelerator] = key.split("\n") as [string, string, Arch, string]
    if (id !== "") return named(region, id)
    const family = familyFor({ accelerators: accelerator === "" ? null : { name: accelerator, count: 1 } }, arch)
    const unable = new CloudError({ kind: "Refused", code: "NoDriver", message: noDriver([accelerator]), scope: "cloud" })
    return family === undefined ? Effect.fail(unable) : found(region, family, arch)
  }
  return Effect.map(keptOf(aws.fingerprint, lookup, keptFor), ({ of }) => ({
    rootFor: Effect.fn("Images.rootFor")(function* (
      region: string,
      images: Images | undefined,
      offer: Pick<Offer, "accelerators">,
      arch: Arch
    ) {
      const id = namedImage(images, region) ?? ""
      const own = id.startsWith(byParameter) ? yield* heldBy(region, id.slice(byParameter.length)) : id
      return yield* of([region, own, arch, offer.accelerators?.name ?? ""].join("\n"))
    })
  }))
}
