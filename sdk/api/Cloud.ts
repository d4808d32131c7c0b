/** The clouds as values: `sky.AWS()` and `sky.clouds.AWS()` are the same one. */

/** A cloud. Where one is expected, its word (`"aws"`) will do. */
export interface Cloud {
  /** As a task file names it: `aws`. */
  readonly name: string
  /** As people write it: `AWS`. */
  readonly toString: () => string
}

class NamedCloud implements Cloud {
  readonly name: string
  readonly #display: string

  constructor(name: string, display: string) {
    this.name = name
    this.#display = display
    Object.freeze(this)
  }

  toString(): string {
    return this.#display
  }

  toJSON(): string {
    return this.name
  }
}

const aws = new NamedCloud("aws", "AWS")
const gcp = new NamedCloud("gcp", "GCP")
const local = new NamedCloud("local", "Local")
const ssh = new NamedCloud("ssh", "SSH")

export const AWS = (): Cloud => aws
export const GCP = (): Cloud => gcp
/** This machine. */
export const Local = (): Cloud => local
/** Machines of your own. */
export const SSH = (): Cloud => ssh

export const clouds = { AWS, GCP, Local, SSH } as const

const known: ReadonlyMap<string, Cloud> = new Map([aws, gcp, local, ssh].map((cloud) => [cloud.name, cloud]))

/** One of the four, or one that only task files name. */
export const cloudNamed = (name: string, display: string): Cloud => known.get(name) ?? new NamedCloud(name, display)
