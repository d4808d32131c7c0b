/**
 * The clouds that a task may name, by the word that everything holds, and as people write them. Which are enabled is the daemon's to say.
 */
const displays: Readonly<Record<string, string>> = {
  local: "Local",
  ssh: "SSH",
  aws: "AWS",
  gcp: "GCP",
  azure: "Azure",
  cudo: "Cudo",
  do: "DO",
  fluidstack: "Fluidstack",
  hyperbolic: "Hyperbolic",
  ibm: "IBM",
  kubernetes: "Kubernetes",
  lambda: "Lambda",
  nebius: "Nebius",
  oci: "OCI",
  paperspace: "Paperspace",
  runpod: "RunPod",
  scp: "SCP",
  slurm: "Slurm",
  vast: "Vast",
  vsphere: "vSphere"
}

const aliases: Readonly<Record<string, string>> = { k8s: "kubernetes" }

export const cloudWords: ReadonlyArray<string> = Object.keys(displays)

/** In any case of letters; undefined for what is no cloud. */
export const cloudOf = (text: string): string | undefined => {
  const word = text.toLowerCase()
  const cloud = aliases[word] ?? word
  return Object.hasOwn(displays, cloud) ? cloud : undefined
}

export const cloudDisplay = (cloud: string): string => displays[cloud] ?? cloud

/** Clouds whose regions are contexts and pools, with names of the user's own that may hold slashes. */
const namesOwnRegions = (cloud: string | undefined) => cloud === "kubernetes" || cloud === "ssh" || cloud === "slurm"

/** Where, as far as it is said. */
export interface Infra {
  readonly cloud?: string
  readonly region?: string
  readonly zone?: string
}

/**
 * `infra: cloud/region/zone`, the newer way to say where; `*` and what is left out mean anywhere. Undefined for what is no place: an
 * unknown cloud, an empty part, or too many of them.
 */
export const parseInfra = (text: string): Infra | undefined => {
  const [first = "", ...rest] = text.trim().split("/")
  const cloud = first === "*" ? undefined : cloudOf(first)
  if (first !== "*" && cloud === undefined) return undefined
  const [region, zone, ...others] = namesOwnRegions(cloud) && rest.length > 0 ? [rest.join("/")] : rest
  if (others.length > 0 || region === "" || zone === "") return undefined
  const given = (part: string | undefined) => part !== undefined && part !== "*"
  return {
    ...(cloud === undefined ? {} : { cloud }),
    ...(given(region) ? { region: region! } : {}),
    ...(given(zone) ? { zone: zone! } : {})
  }
}
