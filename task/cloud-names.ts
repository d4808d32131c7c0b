/**
 * Names that are made up for clusters whose user gives none; and the names that SkyPilot gives to things on a cloud, held against it by
 * the golden files alone: our clouds name machines by their tokens. Hashes come in: they are Node's to compute.
 */

export interface NameOnCloud {
  readonly name: string
  /** Null for no limit. */
  readonly maxChars: number | null
  /** Its first characters keep two users of one account apart; undefined to leave them out. */
  readonly userHash: string | undefined
  /** In hex. */
  readonly md5: (text: string) => string
}

const userHashChars = 4
const nameHashChars = 2

/** The same name always gives the same, within the limit: too long ones end in a hash of the whole. */
export const nameOnCloud = ({ maxChars, md5, name, userHash }: NameOnCloud): string => {
  const plain = name.replaceAll(/[._]/g, "-").toLowerCase()
  const user = userHash === undefined ? "" : `-${userHash.slice(0, userHashChars)}`
  if (maxChars === null || plain.length + user.length <= maxChars) return `${plain}${user}`
  const cut = plain.slice(0, Math.max(0, maxChars - user.length - nameHashChars - 1)).replace(/-+$/, "")
  const hash = BigInt(`0x${md5(name)}`)
    .toString(36)
    .slice(0, nameHashChars)
  return `${cut}-${hash}${user}`
}

/** Of a login name, what may stand in a cluster's. */
export const cleanedUser = (user: string): string =>
  user
    .toLowerCase()
    .replaceAll(/[^a-z0-9-._]/g, "")
    .replace(/^[0-9-]+/, "")
    .replace(/-$/, "")

/** For a launch without a name, in random letters and digits. */
export const autoClusterName = (random: string, user: string): string =>
  `sky-${random.slice(0, userHashChars)}-${cleanedUser(user).replace(/[-._]+$/, "") || "user"}`

/** `'dev'`, with the cloud's name where the two are not alike. */
export const nameInHint = (name: string, onCloud: string): string =>
  onCloud.startsWith(name) ? `'${name}'` : `'${name}' (name on cloud: '${onCloud}')`

/** The user in a name, with the machine that it was chosen on. */
export const userAndHost = (user: string, host: string, md5: (text: string) => string): string =>
  `${user}-${md5(host).slice(-userHashChars)}`

const userHashLength = 8
export const userHashOf = (user: string, host: string, md5: (text: string) => string): string =>
  md5(userAndHost(user, host, md5)).slice(0, userHashLength)
export const isUserHash = (text: string): boolean => /^[0-9a-f]{8}$/i.test(text)
