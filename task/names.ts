/** The rules for names that users choose. Pure. */

/** Cluster names, as SkyPilot takes them (contract, InvalidClusterNameError). */
export const clusterNamePattern = /^[a-zA-Z]([-_.a-zA-Z0-9]*[a-zA-Z0-9])?$/
/** SkyPilot has no limit; every list has one here. */
export const clusterNameMaxChars = 512
export const taskNamePattern = /^[a-zA-Z0-9]+(?:[._-]{1,2}[a-zA-Z0-9]+)*$/
export const envNamePattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** Clusters of SkyPilot's managed spot and serve controllers: refused by name, before any look-up (contract, D26). */
export const isControllerName = (name: string) => /^sky-(spot|serve)-controller(-|$)/.test(name)
