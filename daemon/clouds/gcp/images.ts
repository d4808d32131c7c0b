/**
 * What a machine starts from: the image that a task names, or the one that its family stands for now: Ubuntu, with NVIDIA's driver for
 * machines with GPUs. Which that is Google is asked: images age and are withdrawn. What was found holds for a while.
 */
import * as Effect from "effect/Effect"
import type { Offer } from "../../../events/values.ts"
import { type Images, namedImage } from "../../../task/images.ts"
import type { Arch } from "../../rented/arch.ts"
import { keptOf } from "../../rented/kept.ts"
import type { CloudError } from "../Cloud.ts"
import type { Gcp } from "./client.ts"
import { refusedBy } from "./errors.ts"

const keptFor = "6 hours"

interface Family {
  readonly project: string
  /** Of these the first that there is. */
  readonly names: ReadonlyArray<string>
}
const ubuntu: { readonly [A in Arch]: Family } = {
  x86_64: { project: "ubuntu-os-cloud", names: ["ubuntu-2404-lts-amd64", "ubuntu-2204-lts"] },
  arm64: { project: "ubuntu-os-cloud", names: ["ubuntu-2404-lts-arm64", "ubuntu-2204-lts-arm64"] }
}
/** Families of these age quickly. */
const gpu: Family = {
  project: "deeplearning-platform-release",
  names: ["common-cu129-ubuntu-2404-nvidia-580", "common-cu129-ubuntu-2204-nvidia-580", "common-cu128-ubuntu-2204-nvidia-570"]
}

export const familyFor = ({ accelerators }: Pick<Offer, "accelerators">, arch: Arch): Family => (accelerators === null ? ubuntu[arch] : gpu)

export interface Root {
  /** As the API takes it. */
  readonly link: string
  readonly kind: "image" | "machine" | "snapshot"
  /** That it holds at least. */
  readonly gib: number
}

/** `projects/P/global/images/NAME`, with `family/` for a family, the whole address, or a name in the project itself. */
const parsed = (id: string) => {
  const [, project, kind = "images", family, name = id] =
    /^(?:.*?projects\/([^/]+)\/)?(?:global\/)?(images|machineImages)\/(family\/)?([^/]+)$/.exec(id) ?? []
  return { project, kind, isFamily: family !== undefined, name }
}

export const makeImages = (gcp: Gcp) => {
  const get = (project: string | undefined, name: string, isFamily: boolean) =>
    gcp.ask(isFamily ? "images.getFromFamily" : "images.get", "", async ({ images, project: own }, options): Promise<Root> => {
      const client = await images()
      const place = { project: project ?? own }
      const [image] = isFamily
        ? await client.getFromFamily({ ...place, family: name }, options)
        : await client.get({ ...place, image: name }, options)
      return { link: `projects/${place.project}/global/images/${image.name}`, kind: "image", gib: Number(image.diskSizeGb ?? 0) }
    })
  const missing = (what: string) => refusedBy("IMAGE_NOT_FOUND", `there is no image ${what}: name another one as image_id`)
  const found = (
    what: string,
    first: Effect.Effect<Root, CloudError>,
    next?: () => Effect.Effect<Root, CloudError>
  ): Effect.Effect<Root, CloudError> =>
    Effect.catchIf(
      first,
      ({ code }) => code === "notFound" || code === "IMAGE_NOT_FOUND",
      () => next?.() ?? Effect.fail(missing(what))
    )
  const ofFamily = ({ names, project }: Family, at = 0): Effect.Effect<Root, CloudError> =>
    found(
      `of the families ${names.join(", ")} of ${project}`,
      get(project, names[at]!, true),
      at + 1 < names.length ? () => ofFamily({ names, project }, at + 1) : undefined
    )
  const named = Effect.fn("Images.named")(function* (id: string) {
    const { isFamily, kind, name, project } = parsed(id)
    if (kind === "images") return yield* found(`'${id}'`, get(project, name, isFamily))
    const own = project ?? (yield* gcp.who).project
    return { link: `projects/${own}/global/machineImages/${name}`, kind: "machine", gib: 0 } satisfies Root
  })
  const lookup = (key: string): Effect.Effect<Root, CloudError> => {
    const [id = "", arch, accelerator] = key.split("\n") as [string, Arch, string]
    if (id !== "") return named(id)
    return ofFamily(familyFor({ accelerators: accelerator === "" ? null : { name: accelerator, count: 1 } }, arch))
  }
  return Effect.map(keptOf(gcp.fingerprint, lookup, keptFor), ({ of }) => ({
    rootFor: (region: string, images: Images | undefined, { accelerators }: Pick<Offer, "accelerators">, arch: Arch) =>
      of([namedImage(images, region) ?? "", arch, accelerators?.name ?? ""].join("\n"))
  }))
}
