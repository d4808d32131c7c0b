/** The Node that this daemon runs on, for machines that are like this one. */
import type { Ground } from "./ground.ts"
import { isAtLeast } from "./node-builds.ts"

interface Libc {
  readonly glibcVersionRuntime?: string
  readonly glibcVersionCompiler?: string
}

const ownLibc = (): Libc => {
  // Else it asks for the name of each address.
  Object.assign(process.report, { excludeNetwork: true })
  return (process.report.getReport() as { readonly header: Libc }).header
}

/** Some distributions build one that is nothing without libraries of theirs. */
const isWhole = (): boolean =>
  !Object.entries(process.config.variables).some(([name, value]) => /^node_shared/.test(name) && (value === true || value === "true"))

/** Why it does not do there, as the end of a sentence; null when it should. */
export const whyNotOurs = ({ arch, libc, os }: Ground): string | null => {
  const [ours, theirs] = [`${process.platform} ${process.arch}`, `${os} ${arch}`]
  if (ours !== theirs) return `ours is for ${ours}, not for ${theirs}`
  if (!isWhole()) return "ours needs libraries of this machine"
  if (os !== "linux" || libc === null) return null
  const { glibcVersionCompiler, glibcVersionRuntime } = ownLibc()
  const own = glibcVersionRuntime === undefined ? "musl" : "glibc"
  const its = libc === "musl" ? "musl" : "glibc"
  if (own !== its) return `ours is for ${own}, and it has ${its}`
  if (its === "musl" || glibcVersionCompiler === undefined || isAtLeast(libc, glibcVersionCompiler)) return null
  return `ours needs glibc ${glibcVersionCompiler}, and it has ${libc}`
}
