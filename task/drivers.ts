/** Which of the drivers that public images of AWS come with an accelerator takes. Pure. */

export type Driver = "neuron" | "proprietary" | "open"

const drivers: ReadonlyArray<readonly [Driver, RegExp]> = [
  ["neuron", /^(inferentia|trainium)/i],
  // What NVIDIA's open driver does not drive, which the others come with: chips from before Turing.
  ["proprietary", /^(M60|V100)/i],
  ["open", /^(A\d|B\d|GB\d|H\d|L\d|T4|RTX)/i]
]

/** Undefined: no public image drives it, as the chips of others than NVIDIA and Amazon, and what NVIDIA's drivers have left behind. */
export const awsDriver = (accelerator: string): Driver | undefined => drivers.find(([, is]) => is.test(accelerator))?.[0]

/** Launched from an image that its user names, and not without. */
export const needsOwnImage = (cloud: string, accelerator: string): boolean => cloud === "aws" && awsDriver(accelerator) === undefined

/** As a sentence without its full stop. */
export const noDriver = (accelerators: ReadonlyArray<string>): string =>
  `no public image has a driver for ${accelerators.join(", ")}: name one that has as image_id`

export const wayOnUndriven = "Name an image that has the driver: --infra aws/REGION --image-id ami-…"
