/** Keys for tests of ssh, and targets that say nothing but where. */
import ssh2 from "ssh2"
import type { Target } from "../../daemon/remote/Target.ts"

export interface Pair {
  readonly private: string
  readonly public: string
}
export const keyPair = (comment = "test", type: "ed25519" | "rsa" = "ed25519"): Pair => {
  const { generateKeyPairSync, parseKey } = ssh2.utils
  for (;;) {
    const pair = type === "rsa" ? generateKeyPairSync("rsa", { bits: 2048, comment }) : generateKeyPairSync("ed25519", { comment })
    // One in 256 is made wrong (mscdex/ssh2 #1513).
    if (![pair.private, pair.public].some((key) => parseKey(key) instanceof Error)) return pair
  }
}

/** Without its comment. */
export const bareKey = (publicKey: string) => publicKey.trim().split(" ").slice(0, 2).join(" ")

export const targetAt = (known: Partial<Target>): Target => ({
  name: "box",
  host: "box",
  port: 22,
  user: "ann",
  identityFiles: [],
  identitiesOnly: true,
  agent: null,
  password: null,
  proxyJump: null,
  proxyCommand: null,
  hostKey: null,
  hostKeyAlias: null,
  knownHosts: [],
  ...known
})
