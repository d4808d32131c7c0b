/** What a node starts from: a cloud's image by id or tag, one for each region, or a docker image. */
type ImageField = string | Readonly<Record<string, string>>
export type Images = Readonly<Record<string, string>>

/** The key of an image that is meant wherever the node is. */
export const anyRegion = "*"

const docker = "docker:"
const tag = "skypilot:"

/** Undefined for a mapping without an entry and for empty names. */
export const parseImages = (field: ImageField, region: string | undefined): Images | undefined => {
  const everywhere = typeof field === "string" ? field : field[anyRegion]
  const entries =
    everywhere === undefined
      ? Object.entries(field as Images).map(([key, id]) => [key.trim(), id.trim()] as const)
      : [[region ?? anyRegion, everywhere.trim()] as const]
  return entries.length > 0 && entries.every(([key, id]) => key !== "" && id !== "") ? Object.fromEntries(entries) : undefined
}

/** The docker image without its prefix; undefined when it is a cloud's image. */
export const dockerImage = (images: Images | undefined): string | undefined => {
  const [id, ...others] = Object.values(images ?? {})
  return id?.startsWith(docker) && others.every((other) => other === id) ? id.slice(docker.length) : undefined
}
export const isTag = (id: string) => id.startsWith(tag)

/** What a task says for this region; null where it says nothing. */
export const namedImage = (images: Images | undefined, region: string): string | null => {
  const named = images?.[region] ?? images?.[anyRegion] ?? null
  // Tags of SkyPilot's own images mean what is usual here: their images age, and ours are found when they are needed.
  return named === null || isTag(named) ? null : named
}

/** What is wrong with images on a cloud, whatever it offers. `cloud` and `region` are undefined while they may still be found out. */
export const imageProblem = (images: Images, cloud: string | undefined, region: string | undefined): string | undefined => {
  if (dockerImage(images) !== undefined) return undefined
  if (cloud === undefined) return "an image of a cloud needs the cloud: name it (--cloud aws, say), or docker:IMAGE"
  if (cloud !== "aws" || region !== undefined) return undefined
  const lone = images[anyRegion]
  return lone !== undefined && !isTag(lone) ? `the image ${lone} is one region's on AWS: give the region` : undefined
}
/** Of an id that is a tag. */
export const tagOf = (id: string) => id.slice(tag.length)
