/** The rules for names that users choose. Pure. */

/** Cluster names, as SkyPilot takes them (contract, InvalidClusterNameError). */
export const clusterNamePattern = /^[a-zA-Z]([-_.a-zA-Z0-9]*[a-zA-Z0-9])?$/
/** SkyPilot has no limit; every list has one here. */
export const clusterNameMaxChars = 512
export const taskNamePattern = /^[a-zA-Z0-9]+(?:[._-]{1,2}[a-zA-Z0-9]+)*$/
export const envNamePattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** Clusters of SkyPilot's managed spot and serve controllers: refused by name, before any look-up (contract, D26). */
export const isControllerName = (name: string) => /^sky-(spot|serve)-controller(-|$)/.test(name)

const encoder = new TextEncoder()
/** What a kernel takes as one name, and as a path with its final zero. */
const nameMaxBytes = 255
const pathMaxBytes = 4096

/** Why no file can have that path. Not repeated: it may be as long as a task. */
export const pathProblem = (path: string): string | undefined => {
  if (path.includes("\0")) return "holds a zero byte, which no path can"
  if (encoder.encode(path).length >= pathMaxBytes) return `is not shorter than ${pathMaxBytes} bytes, as paths are`
  if (path.split("/").some((name) => encoder.encode(name).length > nameMaxBytes)) return `holds a name of more than ${nameMaxBytes} bytes`
  return undefined
}
