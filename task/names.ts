/** The rules for names that users choose, and the near miss to offer when one is mistyped. Pure. */

/** Cluster names, as SkyPilot takes them (contract, InvalidClusterNameError). */
export const clusterNamePattern = /^[a-zA-Z]([-_.a-zA-Z0-9]*[a-zA-Z0-9])?$/
/** SkyPilot has no limit; every list has one here. */
export const clusterNameMaxChars = 512
export const taskNamePattern = /^[a-zA-Z0-9]+(?:[._-]{1,2}[a-zA-Z0-9]+)*$/
export const envNamePattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** Clusters of SkyPilot's managed spot and serve controllers: refused by name, before any look-up (contract, D26). */
export const isControllerName = (name: string) => /^sky-(spot|serve)-controller(-|$)/.test(name)

/** An env whose name says that its value is a secret: the value never enters a fact, an argv or a log. */
export const isSecretEnvName = (name: string) => /TOKEN|SECRET|PASSW|KEY|CRED/i.test(name)

/** Edits between two words; two letters that changed places are one edit. */
const distance = (a: string, b: string) => {
  const rows = [Array.from({ length: b.length + 1 }, (_, i) => i)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      row[j] = Math.min(row[j - 1]! + 1, rows[i - 1]![j]! + 1, rows[i - 1]![j - 1]! + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1)
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}

/** The nearest of `known`, when it is near enough to be what was meant. */
export const didYouMean = (word: string, known: Iterable<string>): string | undefined => {
  let best: string | undefined
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    if (candidate === word) continue
    const d = distance(word.toLowerCase(), candidate.toLowerCase())
    if (d < least) [best, least] = [candidate, d]
  }
  return best
}
