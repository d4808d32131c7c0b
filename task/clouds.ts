/** The clouds that a task may name, by the word that everything holds, and as people write them. Which are enabled is the daemon's to say. */
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
export const namesOwnRegions = (cloud: string | undefined) => cloud === "kubernetes" || cloud === "ssh" || cloud === "slurm"
