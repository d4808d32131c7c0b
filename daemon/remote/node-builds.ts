/**
 * The builds of Node that are fetched for machines that have none, as its own site has them: one version, and what the archives hash to by
 * that release's SHASUMS256. Whatever mirror one comes from, it is that one or none.
 */
import type { Ground } from "./ground.ts"

export interface Release {
  readonly version: string
  /** What it needs of a Linux with glibc. */
  readonly glibcMin: string
  /** SHA-256 of `node-<version>-<platform>.tar.gz`, by platform. */
  readonly digests: Readonly<Record<string, string>>
}

export const pinned: Release = {
  version: "v24.21.0",
  glibcMin: "2.28",
  digests: {
    "linux-x64": "6e1db87ef58b8819e5d5402eff1536491b18edd8eb7bee5ef7897876e88dc5ff",
    "linux-arm64": "724282c3b43aec998aa9527380465b45d229e021b58035f5f4f63095eabfe5d5",
    "linux-x64-musl": "3d63405fc65a0d2d2976c1f0bc2fd27bb0bd07212469e705aac3f03ae5ab4c9c",
    "darwin-x64": "1462cb3b3046b815cf8ea436d3da450ec1a9f11dac7e5a46b0ada5305d7e8097",
    "darwin-arm64": "bed7eea5325e1108f32ce5228ddd6a5f0f08a499ee42aa7442aea583702f6057"
  }
}

const usualMirror = "https://nodejs.org/dist"

export interface Build {
  readonly version: string
  readonly url: string
  readonly sha256: string
  /** Of the archive. */
  readonly member: string
}

/** Whether version `has` of a library does for what was made for `needs`. */
export const isAtLeast = (has: string, needs: string): boolean => {
  const [a = 0, b = 0] = has.split(".").map(Number)
  const [c = 0, d = 0] = needs.split(".").map(Number)
  return a > c || (a === c && b >= d)
}

/** For such a machine; the end of a sentence where there is none. */
export const buildFor = ({ arch, libc, os }: Ground, mirror: string | null, { digests, glibcMin, version }: Release): Build | string => {
  const platform = `${os}-${arch}${libc === "musl" ? "-musl" : ""}`
  const sha256 = digests[platform]
  if (sha256 === undefined) return `there is no build of Node for ${platform}`
  if (libc !== null && libc !== "musl" && !isAtLeast(libc, glibcMin)) return `builds of Node need glibc ${glibcMin}, and it has ${libc}`
  const name = `node-${version}-${platform}`
  const url = `${(mirror ?? usualMirror).replace(/\/+$/, "")}/${version}/${name}.tar.gz`
  return { version, url, sha256, member: `${name}/bin/node` }
}
